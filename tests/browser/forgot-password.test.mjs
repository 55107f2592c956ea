// Tests the page /forgot-password, which requests a mail with a reset link. The page shows the same
// text for every address.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
  stopTime,
  waitOver,
} from "./browser.mjs";

const PATH = "/auth/password/reset";
let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

async function open(t, answer) {
  const page = await openPage(t, browser, www.url);
  const asked = await fake(page, PATH, answer);
  await page.goto("/forgot-password");
  return {
    page,
    asked,
    email: page.getByLabel("Email address"),
    send: page.getByRole("button", { name: "Send the link" }),
  };
}

test("asks with the address, says the same whatever it is, and takes another", async (t) => {
  const { page, asked, email, send } = await open(t, { status: 202 });
  await email.fill(" nobody@example.com ");
  assert.equal(asked.length, 0, "nothing is sent before the button");
  await send.click();

  await page
    .getByText(
      "If an account has the address nobody@example.com, a mail is on its way. It says how long its link is valid.",
    )
    .waitFor();
  // The text is the same for everybody. So it does not reveal whether the address has an account,
  // or whether a link was sent before.
  await page.getByText("an earlier link may still work, and there may be no new mail").waitFor();
  assert.equal(await focused(page), "h1: Check your mail");
  assert.equal(await page.title(), "Check your mail");
  assert.equal(new URL(page.url()).href, `${www.url}/forgot-password`, "no address in the URL");
  assert.deepEqual(
    asked.map(({ method, body }) => ({ method, body })),
    [{ method: "POST", body: { email: "nobody@example.com" } }],
  );
  assert.equal(asked[0].headers["content-type"], "application/json");
  assert.equal(
    await page.getByRole("link", { name: "see it in the outbox" }).getAttribute("href"),
    "/outbox",
  );

  await page.getByRole("button", { name: "Use another address" }).click();
  assert.equal(await focused(page), "email");
  await page.keyboard.type("ada@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("If an account has the address ada@example.com, a mail").waitFor();
  await page.getByText("an earlier link may still work").waitFor();
  assert.deepEqual(
    asked.map(({ body }) => body.email),
    ["nobody@example.com", "ada@example.com"],
  );
});

test("by keyboard: Tab goes from the field to the button, Enter sends", async (t) => {
  const { page, asked } = await open(t, { status: 202 });
  await page.locator("[data-state=ready]").waitFor();
  assert.equal(await focused(page), "email");
  await page.keyboard.type("ada@example.com");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "button: Send the link");
  await page.keyboard.press("Enter");
  await page.getByText("a mail is on its way").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "resend");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "again");
  assert.equal(asked.length, 1);
});

test("a text that is not an address is reported at the field and not sent", async (t) => {
  const { page, asked, email, send } = await open(t, { status: 202 });
  for (const [text, says] of [
    ["", "Type your email address."],
    ["ada", "This is not an email address."],
    ["@example.com", "This is not an email address."],
  ]) {
    await email.fill(text);
    await send.click();
    await page.getByText(says).waitFor();
    assert.equal(await focused(page), "email");
    assert.equal(await email.getAttribute("aria-invalid"), "true");
    assert.match(await describedBy(email), new RegExp(says));
  }
  assert.equal(asked.length, 0);

  await email.fill("ada@example.com");
  await send.click();
  await page.getByText("a mail is on its way").waitFor();
  assert.equal(await email.getAttribute("aria-invalid"), null);
});

test("an address that the server refuses is reported at the field", async (t) => {
  const { page, email, send } = await open(
    t,
    problem(422, "invalid_field", { errors: [{ field: "email", reason: "invalid" }] }),
  );
  await email.fill("ada@exa mple");
  await send.click();
  await page.getByText("This is not an email address.").waitFor();
  assert.equal(await focused(page), "email");
});

test("any other answer is reported, and the form stays", async (t) => {
  const answers = [
    [problem(429, "rate_limited", {}, { "Retry-After": "42" }), "Wait 42 seconds, then", 42],
    [problem(429, "rate_limited", {}, { "Retry-After": "100" }), "Wait 2 minutes, then", 100],
    [problem(429, "rate_limited"), "Wait 60 seconds, then", 60],
    [problem(503, "unavailable", {}, { "Retry-After": "5" }), "Wait 5 seconds, then", 5],
    [problem(500, "misconfigured"), "could not do this (misconfigured, request 5f0c)"],
    ["offline", "No answer came."],
    // These answers don't come from the service. The first comes from a gateway, and the second
    // from a captive portal.
    [
      { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
      "could not do this (502)",
    ],
    [{ status: 200, contentType: "text/html", body: "Welcome" }, "could not do this (200)"],
  ];
  const { page, asked, email, send } = await open(
    t,
    (time) => answers[time - 1]?.[0] ?? { status: 202 },
  );
  await email.fill("ada@example.com");
  await stopTime(page);
  for (const [, says, seconds] of answers) {
    await send.click();
    await page.getByRole("alert").getByText(says).waitFor();
    if (seconds) await waitOver(page, seconds);
    assert.equal(await focused(page), "button: Send the link");
    assert.equal(await email.inputValue(), "ada@example.com");
  }
  await send.click();
  await page.getByText("a mail is on its way").waitFor();
  assert.equal(asked.length, answers.length + 1);
});

test("two clicks send once", async (t) => {
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  const { page, asked, email, send } = await open(t, () => held);
  await email.fill("ada@example.com");
  await send.dblclick();
  const busy = page.getByRole("button", { name: "Sending…" });
  assert.equal(await busy.getAttribute("aria-disabled"), "true");
  await busy.click({ force: true });
  await email.press("Enter");
  answer({ status: 202 });
  await page.getByText("a mail is on its way").waitFor();
  assert.equal(asked.length, 1);
});

/** Returns the texts that a screen reader says after the name of an input. */
const describedBy = (input) =>
  input.evaluate((element) =>
    element
      .getAttribute("aria-describedby")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent)
      .join(" "),
  );
