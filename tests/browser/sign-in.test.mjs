// Tests the page /sign-in: signing in, errors, and the way back to the page from which the user
// came. `return_to` never leads to another site.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { returnTo } from "../../www/return-to.js";
import {
  addresses,
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
  stopTime,
  waitOver,
} from "./browser.mjs";
import { ADA, fakeSession, signedIn } from "./signed-in.mjs";

const PASSWORD = "correct horse battery staple";
let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

/**
 * @param {import("node:test").TestContext} t
 * @param {unknown} [answer] an answer in a form that `fake` accepts
 * @param {string} [at]
 * @param {typeof ADA | null} [user]
 */
async function open(t, answer = signedIn(), at = "/sign-in", user = null) {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, user);
  const asked = await fake(page, "/auth/login", answer);
  await page.goto(at);
  const [email, password] = [
    page.getByLabel("Email address"),
    page.getByLabel("Password", { exact: true }),
  ];
  return { page, asked, email, password, send: page.getByRole("button", { name: "Sign in" }) };
}

test("by keyboard alone: address, password, show, forgotten, button; Enter signs in", async (t) => {
  const { page, asked } = await open(t);
  await page.locator("[data-state=ready]").waitFor();
  const order = [await focused(page)];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    order.push(await focused(page));
  }
  assert.deepEqual(order, ["email", "password", "button: Show", "forgot", "button: Sign in"]);
  await page.locator("#email").focus();
  await page.keyboard.type(" ada@example.com ");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your account" }).waitFor();
  assert.deepEqual(
    asked.map(({ body }) => body),
    [{ email: "ada@example.com", password: PASSWORD, cookie: true }],
  );
  assert.deepEqual(
    await addresses(page),
    [`${www.url}/account`],
    "Back does not lead to the form again",
  );
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]),
  );
  assert.ok(!kept.includes(signedIn().json.access_token.split(".")[0]), "no token in any storage");
});

test("a refusal is shown at the password, in the same words whatever was wrong; the address stays", async (t) => {
  const refused = [
    problem(401, "invalid_credentials"),
    problem(422, "invalid_field", { errors: [{ field: "email", reason: "too_long" }] }),
  ];
  const { page, email, password, send } = await open(t, (time) => refused[time - 1] ?? signedIn());
  await email.fill("ada@example.com");
  for (const _ of refused) {
    await password.fill("wrong");
    assert.equal(await page.locator("#password-error").textContent(), "");
    await send.click();
    await page
      .locator("#password-error")
      .getByText("The email address or the password is wrong.")
      .waitFor();
    assert.equal(await focused(page), "password");
    assert.equal(await password.getAttribute("aria-invalid"), "true");
    assert.equal(await email.inputValue(), "ada@example.com");
  }
});

test("nothing is sent without an address or a password: each empty field is named, and the first gets the focus", async (t) => {
  const { page, asked, email, password, send } = await open(t);
  await send.click();
  await page.getByText("Type your email address.").waitFor();
  await page.getByText("Type your password.").waitFor();
  for (const input of [email, password]) {
    assert.equal(await input.getAttribute("aria-invalid"), "true");
    const error = page.locator(`#${await input.getAttribute("aria-describedby")}`);
    assert.notEqual(await error.textContent(), "");
  }
  assert.equal(await focused(page), "email");
  await email.fill("ada@example.com");
  await send.click();
  await page.getByText("Type your password.").waitFor();
  assert.equal(await focused(page), "password");
  assert.equal(asked.length, 0);
});

test("any other answer is reported, and what was typed stays", async (t) => {
  const answers = [
    [problem(429, "rate_limited", {}, { "Retry-After": "42" }), "Wait 42 seconds, then", 42],
    [problem(503, "unavailable", {}, { "Retry-After": "5" }), "Wait 5 seconds, then", 5],
    [problem(500, "misconfigured"), "could not do this (misconfigured, request 5f0c)"],
    ["offline", "No answer came."],
    [
      { status: 200, contentType: "text/html", body: "Welcome to our wifi" },
      "could not do this (200)",
    ],
  ];
  const { page, asked, email, password, send } = await open(
    t,
    (time) => answers[time - 1]?.[0] ?? signedIn(),
  );
  await email.fill("ada@example.com");
  await password.fill(PASSWORD);
  await stopTime(page);
  for (const [, says, seconds] of answers) {
    await send.click();
    await page.getByRole("alert").getByText(says).waitFor();
    if (seconds) await waitOver(page, seconds);
    assert.equal(await focused(page), "button: Sign in");
    assert.deepEqual(
      [await email.inputValue(), await password.inputValue()],
      ["ada@example.com", PASSWORD],
    );
  }
  await send.click();
  await page.waitForURL("**/account");
  assert.equal(asked.length, answers.length + 1);
});

test("two clicks sign in once", async (t) => {
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  const { page, asked, email, password, send } = await open(t, () => held);
  await email.fill("ada@example.com");
  await password.fill(PASSWORD);
  await send.dblclick();
  const busy = page.getByRole("button", { name: "Signing in…" });
  assert.equal(await busy.getAttribute("aria-disabled"), "true");
  await busy.click({ force: true });
  answer(signedIn());
  await page.waitForURL("**/account");
  assert.equal(asked.length, 1);
});

test("a signed-in user continues, or chooses another account", async (t) => {
  const { page, email } = await open(t, signedIn(), "/sign-in?return_to=/console", ADA);
  await page.getByText("As Ada Lovelace.").waitFor();
  assert.equal(
    await page.getByRole("link", { name: "Continue" }).getAttribute("href"),
    `${www.url}/console`,
  );
  await page.getByRole("button", { name: "Use another account" }).click();
  assert.equal(await focused(page), "email");
  assert.ok(await email.isVisible());
});

test("the form is there when the session can’t be looked up", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fake(page, "/auth/token", "offline");
  await page.goto("/sign-in");
  await page.getByLabel("Email address").waitFor();
});

test("the way to register keeps where somebody wanted to go", async (t) => {
  const { page } = await open(t, signedIn(), "/sign-in?return_to=%2Fconsole");
  await page.getByRole("link", { name: "Create one" }).click();
  await page.waitForURL("**/register?return_to=%2Fconsole");
  assert.equal(
    await page.getByRole("link", { name: "Sign in" }).getAttribute("href"),
    "/sign-in?return_to=%2Fconsole",
  );
});

const ELSEWHERE = [
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  "https://evil.example",
  "https:evil.example",
  "http:/\\evil.example",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "blob:http://127.0.0.1:8787/1",
  "//127.0.0.1:8787@evil.example",
  "//user@127.0.0.1:1/",
  "account",
  "",
];

describe("return_to", () => {
  const ORIGIN = "https://auth.example.com";
  const to = (path) => returnTo(`?${new URLSearchParams({ return_to: path })}`, ORIGIN);

  for (const path of ELSEWHERE) {
    test(`${JSON.stringify(path)} leads to the account`, () =>
      assert.equal(to(path), `${ORIGIN}/account`));
  }

  for (const [path, goes] of [
    ["/console", "/console"],
    ["/console?a=b#c", "/console?a=b#c"],
    ["/./console", "/console"],
    // The path in the result begins with two slashes. If a browser took it as a relative address,
    // the part after the slashes would be a host name.
    ["/.//evil.example", "//evil.example"],
    ["/%2F/evil.example", "/%2F/evil.example"],
    ["/@evil.example", "/@evil.example"],
  ]) {
    test(`${path} stays on this site`, () => {
      assert.equal(to(path), ORIGIN + goes);
      assert.equal(new URL(to(path)).origin, ORIGIN);
    });
  }

  test("the first of several is used, and without one the page goes to the account", () => {
    assert.equal(
      returnTo("?return_to=/console&return_to=//evil.example", ORIGIN),
      `${ORIGIN}/console`,
    );
    assert.equal(
      returnTo("?return_to=//evil.example&return_to=/console", ORIGIN),
      `${ORIGIN}/account`,
    );
    assert.equal(returnTo("", ORIGIN), `${ORIGIN}/account`);
  });

  test("in the browser: no address leads to another site, and a path leads to its page", async (t) => {
    const page = await openPage(t, browser, www.url);
    await fakeSession(page, null);
    await fake(page, "/auth/login", () => signedIn());
    // A small fake page answers at the address to which the sign-in page leads. Loading the real
    // page each time would take too long.
    for (const [path, goes] of [
      ["//evil.example", "/account"],
      ["/\\evil.example", "/account"],
      ["javascript:alert(1)", "/account"],
      ["/.//evil.example", "//evil.example"],
      ["/outbox", "/outbox"],
    ]) {
      await fake(page, goes, { contentType: "text/html", body: "<title>here</title>" });
      await page.goto(`/sign-in?${new URLSearchParams({ return_to: path })}`);
      await page.getByLabel("Email address").fill("ada@example.com");
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.title === "here");
      assert.equal(page.url(), www.url + goes);
    }
  });
});
