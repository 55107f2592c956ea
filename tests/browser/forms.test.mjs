// Tests what all forms do for blind people and for password managers. A screen reader announces
// each problem and the name of each wrong field. No problem is shown by colour alone. Password
// managers find the user name.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fake, focused, openPage, problem, servePages, startBrowser } from "./browser.mjs";
import { ADA, fakeSession, signedIn } from "./signed-in.mjs";

const TICKET = "#AbC-dEf_123";
let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

async function open(t, at, /** @type {typeof ADA | null} */ user = null, options = {}) {
  const page = await openPage(t, browser, www.url, options);
  await fakeSession(page, user);
  await page.goto(at);
  await page.locator("[data-state=ready]").waitFor();
  return page;
}

const FORMS = [
  { at: "/sign-in", required: ["email", "password"] },
  { at: "/register", required: ["email"] },
  { at: "/forgot-password", required: ["email"] },
  { at: `/reset-password${TICKET}`, required: ["password"] },
  { at: `/verify-email${TICKET}`, required: ["password"] },
  { at: "/account", form: "#password-form", required: ["current-password", "new-password"] },
  { at: "/account", form: "#email-form", required: ["new-email", "email-password"] },
  { at: "/account", form: "#delete-form", required: ["delete-password"] },
];

for (const { at, form = "form", required } of FORMS) {
  test(`${at} ${form}: each empty field is named in a live region, the first gets the focus`, async (t) => {
    const page = await open(t, at, at === "/account" ? ADA : null);
    if (at === "/account") {
      await page.locator("#user-id").getByText(ADA.id).waitFor();
      await page.locator(`details:has(${form}) summary`).click();
    }
    await page.locator(`${form} [type=submit]`).click();
    for (const id of required) {
      const input = page.locator(`#${id}`);
      assert.equal(await input.getAttribute("aria-invalid"), "true", id);
      const ids = (await input.getAttribute("aria-describedby")).split(" ");
      assert.ok(ids.includes(`${id}-error`), id);
      const error = page.locator(`#${id}-error`);
      assert.match(await error.textContent(), /^Type .+\.$/);
      assert.equal(await error.getAttribute("role"), "alert", "it is announced");
    }
    assert.equal(await focused(page), required[0]);
    // When a field is corrected, only the error of that field goes away.
    await page.locator(`#${required[0]}`).fill("x");
    const marked = page.locator(`${form} [aria-invalid]`);
    assert.equal(await marked.count(), required.length - 1);
  });
}

test("a wrong password is announced, and a second one again", async (t) => {
  const page = await open(t, "/sign-in");
  await fake(page, "/auth/login", problem(401, "invalid_credentials"));
  await page.locator("#email").fill("ada@example.com");
  await page.evaluate(() => {
    window.announced = [];
    const region = /** @type {Element} */ (document.querySelector("#password-error"));
    new MutationObserver(() => window.announced.push(region.textContent)).observe(region, {
      childList: true,
    });
  });
  for (const _ of [1, 2]) {
    await page.locator("#password").fill("wrong");
    await page.keyboard.press("Enter");
    await page.locator("#password-error").getByText("Check both").waitFor();
  }
  const said = await page.evaluate(() => window.announced.filter(Boolean));
  assert.equal(said.length, 2);
  // The error text at the password says that the address or the password is wrong. So a change of
  // the address removes this error too.
  await page.locator("#email").fill("root@example.com");
  assert.equal(await page.locator("#password-error").textContent(), "");
});

test("a live region is in the page, and rendered, before it has a text", async (t) => {
  const page = await open(t, "/sign-in");
  const regions = await page.$$eval("[role=alert]:not(.failure)", (all) =>
    all
      .filter((region) => region.closest("[data-view=ask]"))
      .map((region) => [
        region.textContent,
        getComputedStyle(region).display,
        region.getBoundingClientRect().height,
      ]),
  );
  assert.ok(regions.length >= 3);
  for (const region of regions) assert.deepEqual(region, ["", "block", 0]);
});

test("in forced colours an error has a border and a sign, a hint has none; its field has another border", async (t) => {
  const page = await open(t, `/reset-password${TICKET}`, null, { forcedColors: "active" });
  await page.locator("[type=submit]").click();
  const look = (selector) =>
    page.locator(selector).evaluate((element) => {
      const { borderTopWidth, borderTopStyle } = getComputedStyle(element);
      const { content } = getComputedStyle(element, "::before");
      return { border: `${borderTopWidth} ${borderTopStyle}`, content };
    });
  const [error, hint, field] = [
    await look("#password-error"),
    await look("#password-hint"),
    await look("#password"),
  ];
  assert.equal(error.border, "2px solid");
  assert.match(error.content, /\u26a0/);
  assert.deepEqual(hint, { border: "0px none", content: "none" });
  assert.equal(field.border, "3px double");
});

describe("password managers", () => {
  for (const at of ["/reset-password", "/verify-email"]) {
    test(`${at}: the form has a user name, filled in by what this browser asked for`, async (t) => {
      const page = await open(t, `${at}${TICKET}`);
      const username = page.locator("form input[autocomplete=username]");
      // This tab does not know the user of the link, so the field for the user name stays empty.
      // Password managers find the field. People don't see it, and the Tab key skips it.
      assert.equal(await username.inputValue(), "");
      assert.equal(await page.locator("#username-field").getAttribute("aria-hidden"), "true");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "password");

      const asking = at === "/reset-password" ? "/forgot-password" : "/register";
      await fake(page, "/auth/password/reset", { status: 202 });
      await fake(page, "/auth/register", { status: 202 });
      await page.goto(asking);
      await page.locator("#email").fill(" ada@example.com ");
      await page.locator("[type=submit]").click();
      await page.getByRole("heading", { name: "Check your mail" }).waitFor();

      // The link in the mail opens in another tab.
      const opened = await page.context().newPage();
      await fakeSession(opened, null);
      const asked = await fake(opened, "/auth/*/*", { status: 204 });
      await opened.goto(`${at}${TICKET}`);
      const known = opened.locator("form input[autocomplete=username]");
      await known.waitFor();
      assert.equal(await known.inputValue(), "ada@example.com");
      await opened.locator("#password").fill("violet tram hums at noon");
      await opened.locator("[type=submit]").click();
      await opened.locator("[data-view=done] h1").waitFor();
      assert.deepEqual(Object.keys(asked.at(-1).body).sort(), ["password", "token"]);
      // The link has been used, so the page has deleted everything from localStorage. The address
      // is now only in the session storage of this tab, which the sign-in page reads below.
      assert.equal(await opened.evaluate(() => localStorage.length), 0);
      await opened.locator("[data-view=done] a.action").click();
      await opened.waitForURL("**/sign-in");
      await opened.locator("[data-state=ready]").waitFor();
      assert.equal(await opened.locator("#email").inputValue(), "ada@example.com");
      assert.equal(await focused(opened), "password");
    });
  }

  test("what this browser asked for is forgotten after an hour, and nonsense is ignored", async (t) => {
    const page = await open(t, "/sign-in");
    const HOUR = 3_600_000;
    for (const [stored, shown] of [
      [{ address: "ada@example.com", until: Date.now() + HOUR / 2 }, "ada@example.com"],
      [{ address: "ada@example.com", until: Date.now() - 1 }, ""],
      [{ address: "ada@example.com", until: Date.now() + 10 * HOUR }, ""],
      [{ address: { a: 1 }, until: Date.now() + HOUR / 2 }, ""],
      ["nonsense", ""],
    ]) {
      await page.evaluate(
        (text) => localStorage.setItem("edgegate:mailed-address", text),
        [typeof stored === "string" ? stored : JSON.stringify(stored)].join(""),
      );
      await page.goto(`/reset-password${TICKET}`);
      await page.locator("[data-state=ready]").waitFor();
      assert.equal(await page.locator("#username").inputValue(), shown);
      if (!shown) assert.equal(await page.evaluate(() => localStorage.length), 0);
      await page.goto("/sign-in");
    }
  });

  test("the address goes along to the other forms, and never in a URL", async (t) => {
    const page = await open(t, "/sign-in?return_to=%2Fconsole");
    const urls = [];
    page.on("request", (request) => urls.push(request.url()));
    assert.equal(await focused(page), "email");
    await page.locator("#email").fill("ada@example.com");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.waitForURL("**/forgot-password?*");
    await page.locator("[data-state=ready]").waitFor();
    assert.equal(await page.locator("#email").inputValue(), "ada@example.com");
    assert.equal(await focused(page), "email");
    await page.goto("/register");
    await page.locator("[data-state=ready]").waitFor();
    assert.equal(await page.locator("#email").inputValue(), "ada@example.com");
    assert.ok(urls.every((url) => !/ada/.test(decodeURIComponent(url))));
  });

  test("the forms of the account name the user", async (t) => {
    const page = await open(t, "/account", ADA);
    await page.locator("#user-id").getByText(ADA.id).waitFor();
    await fake(page, "/auth/password/change", signedIn());
    for (const form of ["#password-form", "#email-form", "#delete-form"])
      assert.equal(await page.locator(`${form} [autocomplete=username]`).inputValue(), ADA.email);
  });
});

describe("links that lead nowhere offer what comes next", () => {
  for (const { at, path, bad, missing } of [
    {
      at: "/reset-password",
      path: "/auth/password/confirm",
      bad: ["/forgot-password", "/sign-in"],
      missing: ["/forgot-password", "/sign-in"],
    },
    {
      at: "/verify-email",
      path: "/auth/email/verify",
      bad: ["/sign-in", "/register", "/forgot-password"],
      missing: ["/register", "/sign-in"],
    },
    {
      at: "/confirm-email",
      path: "/auth/email/confirm",
      bad: ["/account", "/sign-in"],
      missing: ["/account", "/sign-in"],
    },
  ]) {
    const steps = (page) =>
      page.$$eval("[data-view]:not([hidden]) .actions a", (all) =>
        all.map((link) => link.getAttribute("href")),
      );

    test(`${at}: used or expired, and without a ticket`, async (t) => {
      const page = await open(t, `${at}${TICKET}`);
      await fake(page, path, problem(400, "invalid_link"));
      const password = page.locator("#password");
      if ((await password.count()) > 0) await password.fill("violet tram hums at noon");
      await page.locator("[type=submit]").click();
      await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
      assert.deepEqual(await steps(page), bad);
      await page.goto("/forgot-password");
      await page.goto(at);
      await page.getByRole("heading", { name: "Open this page from the mail" }).waitFor();
      assert.deepEqual(await steps(page), missing);
    });
  }
});
