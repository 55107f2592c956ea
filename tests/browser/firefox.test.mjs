// Tests the pages and the client in Firefox, with the real Worker: sign-in, registration, password
// reset, the account, the session in the cookie, and the console. The test controls Firefox through
// WebDriver BiDi.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { firefox } from "../../scripts/setup/firefox.mjs";
import { linkIn, startEdgegate } from "./edgegate.mjs";

const ADA = "ada@example.com";
const DEMO = "correct horse battery staple";
const NEW = "violet tram hums at noon";

let browser;
let edge;
before(
  async () => {
    const executablePath = await firefox();
    [browser, edge] = await Promise.all([
      puppeteer.launch({ browser: "firefox", executablePath, protocol: "webDriverBiDi" }),
      startEdgegate({ vars: { LIMITS: "off" } }),
    ]);
  },
  { timeout: 600_000 },
);
after(async () => {
  await browser?.close();
  await edge?.stop();
});

/**
 * Opens a page in a new browser profile. The test fails at its end if the page has reported an
 * error.
 */
async function open(t, path) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(edge.origin + path);
  await page.waitForSelector("[data-state=ready]");
  return page;
}

/** Waits until `condition` is true in the page. The page can navigate during the wait. */
async function until(page, condition, ...given) {
  for (const begun = Date.now(); ; await sleep(100)) {
    try {
      if (await page.evaluate(condition, ...given)) return;
    } catch {
      // The evaluation failed because the page has just navigated.
    }
    assert.ok(Date.now() - begun < 60_000, `${condition} ${given}`);
  }
}

// `innerText` is only the visible text. `textContent` would include the hidden views of the page.
const says = (page, text) =>
  // biome-ignore lint/performance/useDomNodeTextContent: see above.
  until(page, (text) => document.body.innerText.includes(text), text);

async function type(page, fields) {
  for (const [selector, text] of Object.entries(fields)) {
    await page.waitForSelector(selector, { visible: true });
    // Select the text in the field, so the new text replaces it.
    await page.$eval(selector, (input) => input.select());
    await page.type(selector, text);
  }
  await page.keyboard.press("Enter");
}

const signIn = (page, email, password) => type(page, { "#email": email, "#password": password });

test("sign in by keyboard; a wrong password is reported; a cookie that no script sees keeps the session", {
  timeout: 180_000,
}, async (t) => {
  const page = await open(t, "/sign-in");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "email");
  await signIn(page, ADA, "not her password");
  await says(page, "The email address or the password is wrong.");
  await type(page, { "#password": DEMO });
  await says(page, "Only on this device.");
  assert.equal(new URL(page.url()).pathname, "/account");

  // The cookies with a session. Their names can end in the port. The cookie that recognizes the
  // device has a different name.
  const sessions = async () =>
    (await page.cookies()).filter(({ name }) => /edgegate(-\d+)?$/.test(name));
  const [cookie] = await sessions();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Strict", "/"]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.reload();
  await says(page, "Only on this device.");

  await page.click("#sign-out");
  await says(page, "This device is signed out.");
  for (const begun = Date.now(); (await sessions()).length > 0; await sleep(50))
    assert.ok(Date.now() - begun < 60_000, "the cookie stays");
});

test("register, confirm behind the link, change the password, delete the account", {
  timeout: 180_000,
}, async (t) => {
  const email = "grace@example.com";
  const page = await open(t, "/register");
  await type(page, { "#email": email });
  await says(page, `A mail to ${email} is on its way.`);
  await page.goto(linkIn(await mailTo(email)));
  await page.waitForSelector("[data-state=ready]");
  assert.equal(await page.$eval("#username", (input) => input.value), email);
  await type(page, { "#password": DEMO.replace("horse", "mule") });
  await says(page, "Your address is confirmed");
  await page.click("[data-view=done] .action");
  await until(
    page,
    () => location.pathname === "/sign-in" && document.documentElement.dataset.state === "ready",
  );
  assert.equal(await page.$eval("#email", (input) => input.value), email);
  await type(page, { "#password": DEMO.replace("horse", "mule") });
  await says(page, "Only on this device.");

  await page.click("details:nth-of-type(1) summary");
  await type(page, {
    "#current-password": DEMO.replace("horse", "mule"),
    "#new-password": NEW,
  });
  await says(page, "Your password is changed.");
  await page.click("details:nth-of-type(3) summary");
  await type(page, { "#delete-password": NEW });
  await says(page, "Your account is deleted");
  assert.equal((await edge.post("/auth/login", { email, password: NEW })).status, 401);
});

test("a forgotten password; the link works once", { timeout: 180_000 }, async (t) => {
  const page = await open(t, "/forgot-password");
  await type(page, { "#email": ADA });
  await says(page, `If an account has the address ${ADA}, a mail is on its way.`);
  const link = linkIn(await mailTo(ADA));
  const choose = async (password) => {
    await page.goto("about:blank");
    await page.goto(link);
    await page.waitForSelector("[data-state=ready]");
    assert.ok(!page.url().includes("#"), "the ticket is not in the address bar");
    await type(page, { "#password": password });
  };
  await choose(NEW);
  await says(page, "Your password is changed");
  await choose(DEMO);
  await says(page, "This link is not valid any more");
  assert.equal((await edge.post("/auth/login", { email: ADA, password: NEW })).status, 200);
});

test("the console checks a token here, in WebAssembly, and on the server", {
  timeout: 180_000,
}, async (t) => {
  const page = await open(t, "/console");
  await page.waitForSelector(".demo[data-email='root@example.com']", { visible: true });
  await page.click(".demo[data-email='root@example.com']");
  await says(page, "It is valid");
  await page.click("#check-form [type=submit]");
  await says(page, "This page and the server agree.");
  await type(page, { "#check-role": "editor" });
  await says(page, "This page and the server agree.");
  const answers = await page.$$eval("[data-check=role] strong", (all) =>
    all.map(({ textContent }) => textContent),
  );
  assert.deepEqual(answers, ["No", "No"]);
});

test("a page whose script does not load says so", { timeout: 60_000 }, async (t) => {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.setRequestInterception(true);
  page.on("request", (request) =>
    request.url().endsWith("/sign-in.js") ? request.abort() : request.continue(),
  );
  await page.goto(`${edge.origin}/sign-in`);
  await page.waitForSelector(".failure", { visible: true });
  await says(page, "This page did not load completely");
});

/** Waits until the queue has delivered a mail to this address. Returns its text. */
async function mailTo(email) {
  for (const begun = Date.now(); Date.now() - begun < 60_000; await sleep(200)) {
    const mail = (await edge.outbox()).find(({ to }) => to === email);
    if (mail) return mail.text;
  }
  throw new Error(`no mail came for ${email}`);
}
