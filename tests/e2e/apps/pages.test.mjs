// Tests how a user signs in to an app, in Chromium with the real Worker: from the app's redirect to
// the service until the browser is back at the app's callback. The app's host is localhost and the
// service's host is 127.0.0.1, which are different sites for a browser.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { addresses, openPage, startBrowser } from "../../browser/browser.mjs";
import { linkIn, startEdgegate } from "../../browser/edgegate.mjs";
import { eventually } from "../workers.mjs";

const DEMO = "correct horse battery staple";
const NEW = "violet tram hums at noon";
const TIMEOUT = { timeout: 180_000 };

let browser;
let edge;
let app;

before(
  async () => {
    [browser, edge, app] = await Promise.all([startBrowser(), startEdgegate(), startApp()]);
  },
  { timeout: 600_000 },
);
after(async () => {
  await browser?.close();
  await edge?.stop();
  app?.stop();
});

/** Starts an app whose callback is a page without a script. */
async function startApp() {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>Notes</title><h1>Notes</h1>");
  });
  server.listen(0, "localhost");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { origin: `http://localhost:${port}`, stop: () => server.close() };
}

/**
 * Begins a sign-in. Returns the URL to which the app sends the browser, and the values that the app
 * must remember until the callback.
 */
function begin(more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const parameters = new URLSearchParams({
    response_type: "code",
    client_id: "demo-web",
    redirect_uri: `${app.origin}/callback`,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    scope: "openid email",
    state,
    ...more,
  });
  return { url: `${edge.origin}/auth/authorize?${parameters}`, state, verifier };
}

/**
 * Opens a page in a new browser profile.
 *
 * @param {import("node:test").TestContext} t
 */
const open = (t) => openPage(t, browser, edge.origin, {}, [app.origin]);

async function type(page, email, password = DEMO) {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/**
 * Waits until the browser is back at the app. Returns the parameters in the URL of the app's
 * callback.
 */
async function answered(page, { state }) {
  await page.waitForURL(`${app.origin}/callback?**`);
  const { searchParams } = new URL(page.url());
  assert.equal(searchParams.get("state"), state);
  assert.equal(searchParams.get("iss"), edge.origin);
  return Object.fromEntries(searchParams);
}

const allow = (page) => page.getByRole("button", { name: "Allow", exact: true }).click();

test(
  "sign in, allow, back at the app; the next time the browser only passes through",
  TIMEOUT,
  async (t) => {
    const page = await open(t);
    const first = begin();
    await page.goto(first.url);
    await page.getByRole("heading", { name: /^Sign in to continue to / }).waitFor();
    await type(page, "ada@example.com");
    await page.getByRole("heading", { name: /asks for access to your account$/ }).waitFor();
    await page.getByText("see your email address").waitFor();
    await page.locator("#who").getByText("ada@example.com").waitFor();
    await allow(page);
    assert.match((await answered(page, first)).code ?? "", /^egk_/);
    const visited = await addresses(page);
    assert.ok(!visited.some((address) => address.includes("egq_")), `${visited}`);

    const again = begin();
    await page.goto(again.url);
    assert.match((await answered(page, again)).code ?? "", /^egk_/);

    // The account page shows which apps have access. The user withdraws the access of this app
    // there.
    await page.goto(`${edge.origin}/account`);
    await page.getByRole("heading", { name: "Apps with access" }).waitFor();
    await page.getByRole("button", { name: /^Withdraw the access of / }).click();
    await page.getByText(/has no access any more/).waitFor();
    await page.goto(begin().url);
    await page.getByRole("heading", { name: /asks for access to your account$/ }).waitFor();
  },
);

test("cancel: the app gets access_denied", TIMEOUT, async (t) => {
  const page = await open(t);
  const begun = begin();
  await page.goto(begun.url);
  await type(page, "root@example.com");
  await page.getByRole("button", { name: "Cancel" }).click();
  const { error, code } = await answered(page, begun);
  assert.deepEqual([error, code], ["access_denied", undefined]);
});

test("not you: another account signs in, and the app gets that one", TIMEOUT, async (t) => {
  const page = await open(t);
  const begun = begin({ prompt: "consent" });
  await page.goto(begun.url);
  await type(page, "ada@example.com");
  await page.getByRole("link", { name: "Not you?" }).click();
  await type(page, "root@example.com");
  await page.locator("#who").getByText("root@example.com").waitFor();
  await allow(page);
  assert.ok((await answered(page, begun)).code);
});

test(
  "a first-party app asks nothing; prompt=select_account and prompt=login do",
  TIMEOUT,
  async (t) => {
    const page = await open(t);
    const first = begin({ client_id: "demo-spa" });
    await page.goto(first.url);
    await type(page, "ada@example.com");
    assert.ok((await answered(page, first)).code);

    const choice = begin({ client_id: "demo-spa", prompt: "select_account" });
    await page.goto(choice.url);
    await page.getByRole("button", { name: /^Continue as / }).click();
    assert.ok((await answered(page, choice)).code);

    const anew = begin({ client_id: "demo-spa", prompt: "login" });
    await page.goto(anew.url);
    await page.getByText("The app asks for your password again.").waitFor();
    assert.equal(await page.getByLabel("Email address").inputValue(), "ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill(DEMO);
    await page.keyboard.press("Enter");
    assert.ok((await answered(page, anew)).code);
  },
);

/** Waits for the mail to this address. Returns its link. */
const mailedLink = (email) =>
  eventually(async () => {
    const mail = (await edge.outbox()).find(({ to }) => to === email);
    return mail && linkIn(mail.text);
  });

async function verify(page, link) {
  await page.goto(link);
  await page.getByLabel("Password", { exact: true }).fill(NEW);
  await page.getByRole("button", { name: "Confirm the address" }).click();
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
}

test(
  "register, open the mail in another tab, sign in there: back at the app",
  TIMEOUT,
  async (t) => {
    const page = await open(t);
    const begun = begin({ client_id: "demo-spa" });
    await page.goto(begun.url);
    await page.getByRole("link", { name: "Create one" }).click();
    await page.getByLabel("Email address").fill("grace@example.com");
    await page.getByRole("button", { name: "Create the account" }).click();
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
    const link = await mailedLink("grace@example.com");
    assert.match(link, /\/verify-email\?request_id=[\w-]{22}#egl_/);

    const tab = await page.context().newPage();
    await verify(tab, link);
    await tab.getByText("you go on to the app that you came from").waitFor();
    await tab.locator("[data-view=done]").getByRole("link", { name: "Sign in" }).click();
    await tab.getByRole("heading", { name: /^Sign in to continue to / }).waitFor();
    await type(tab, "grace@example.com", NEW);
    assert.ok((await answered(tab, begun)).code);
  },
);

test(
  "the mail is opened on another device: the account is made there, and the page says to go back",
  TIMEOUT,
  async (t) => {
    const page = await open(t);
    await page.goto(begin({ client_id: "demo-spa" }).url);
    await page.getByRole("link", { name: "Create one" }).click();
    await page.getByLabel("Email address").fill("alan@example.com");
    await page.getByRole("button", { name: "Create the account" }).click();
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();

    const phone = await open(t);
    await verify(phone, await mailedLink("alan@example.com"));
    await phone.getByText("Did an app send you here? Go back to it").waitFor();
  },
);

test("a new password on the way to the app", TIMEOUT, async (t) => {
  const page = await open(t);
  const begun = begin({ client_id: "demo-spa" });
  await page.goto(begun.url);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email address").fill("root@example.com");
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  await page.goto(await mailedLink("root@example.com"));
  await page.getByLabel("New password").fill(NEW);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.locator("[data-view=done]").getByRole("link", { name: "Sign in" }).click();
  await type(page, "root@example.com", NEW);
  assert.ok((await answered(page, begun)).code);
});

test("a request that is not one of this service: what to do next", TIMEOUT, async (t) => {
  const page = await open(t);
  for (const path of ["/sign-in", "/consent"]) {
    await page.goto(`${edge.origin}${path}#request=egq_forged`);
    await page.getByRole("heading", { name: "This request has expired" }).waitFor();
    await page.getByText("Go back to the app and sign in there again.").first().waitFor();
  }
});

// If another site could show the consent page in a frame, it could make users click on "Allow"
// without seeing it (clickjacking).
test(
  "no other site can frame the pages, and none can ask or decide by the cookie",
  TIMEOUT,
  async (t) => {
    const { origin } = edge;
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(begin().url);
    await type(page, "ada@example.com");
    await page.getByRole("heading", { name: /asks for access/ }).waitFor();
    await page.goto(`${app.origin}/`);
    const types = await page.evaluate(async (issuer) => {
      const body = JSON.stringify({ request: "egq_1", user_id: "x", allow: true });
      const results = [];
      for (const path of ["/auth/authorize/request", "/auth/authorize/decision"])
        for (const [mode, type] of /** @type {const} */ ([
          ["cors", "application/json"],
          ["no-cors", "text/plain"],
        ])) {
          const sent = fetch(issuer + path, {
            method: "POST",
            mode,
            credentials: "include",
            headers: { "Content-Type": type },
            body,
          });
          results.push(
            await sent.then(
              ({ type }) => type,
              () => "refused",
            ),
          );
        }
      const frame = document.createElement("iframe");
      frame.src = `${issuer}/consent`;
      document.body.append(frame);
      await new Promise((resolve) => (frame.onload = resolve));
      return results;
    }, origin);
    assert.deepEqual(types, ["refused", "opaque", "refused", "opaque"]);
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    assert.deepEqual(
      frames.map((frame) => frame.url()),
      ["chrome-error://chromewebdata/"],
    );
  },
);
