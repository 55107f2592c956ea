// Tests the headers of the pages, which Cloudflare's asset server reads from www/_headers, and what
// the pages show without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, servePages, startBrowser } from "./browser.mjs";

const PAGES = [
  "/sign-in",
  "/consent",
  "/register",
  "/account",
  "/console",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/confirm-email",
  "/outbox",
];
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const CONSOLE_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'");
const OUTBOX_POLICY =
  "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

for (const path of ["/", ...PAGES]) {
  test(`${path} has a strict policy and is not kept`, async () => {
    const { status, headers } = await fetch(www.url + path);
    assert.equal(status, 200);
    assert.equal(
      headers.get("Content-Security-Policy"),
      { "/outbox": OUTBOX_POLICY, "/console": CONSOLE_POLICY }[path] ?? POLICY,
    );
    assert.equal(headers.get("Referrer-Policy"), "no-referrer");
    assert.equal(headers.get("X-Frame-Options"), "DENY");
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    if (path !== "/") assert.equal(headers.get("Cache-Control"), "no-store");
  });
}

test("the package's files are asked for by their ETag each time, and the wasm has its type", async () => {
  for (const [path, type] of [
    ["/edgegate/web.js", "text/javascript"],
    ["/edgegate/wasm/edgegate_bg.wasm", "application/wasm"],
  ]) {
    const { status, headers } = await fetch(www.url + path);
    assert.equal(status, 200);
    assert.equal(headers.get("Cache-Control"), "no-cache");
    assert.ok(headers.get("Content-Type")?.startsWith(type), String(headers.get("Content-Type")));
    const again = await fetch(www.url + path, {
      headers: { "If-None-Match": headers.get("ETag") ?? "" },
    });
    assert.equal(again.status, 304);
  }
});

for (const path of PAGES) {
  test(`${path} says what is missing without JavaScript, and offers nothing that can't work`, async (t) => {
    const page = await openPage(t, browser, www.url, { javaScriptEnabled: false });
    await page.goto(path);
    assert.match(
      await page.locator("noscript > .note:visible").textContent(),
      /^This page needs JavaScript/,
    );
    assert.equal(await page.locator("form:visible").count(), 0);
  });
}

test("the policy is in force: a script and a style in the page are refused, and so is a form", async (t) => {
  const page = await browser.newPage({ baseURL: www.url });
  t.after(() => page.close());
  await page.goto("/forgot-password");
  const refused = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
      seen.push(effectiveDirective),
    );
    try {
      document.body.insertAdjacentHTML("beforeend", "<p></p>");
    } catch {
      // For this violation, the browser throws an error and also fires an event.
    }
    document.body.append(
      Object.assign(document.createElement("style"), { textContent: "body { color: red }" }),
    );
    HTMLFormElement.prototype.submit.call(document.querySelector("form"));
    await fetch("https://example.com/").catch(() => {});
    // The browser reports violations some time after they happen.
    for (let tries = 0; seen.length < 4 && tries < 1200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return seen;
  });
  assert.deepEqual(refused.sort(), [
    "connect-src",
    "form-action",
    "require-trusted-types-for",
    "style-src-elem",
  ]);
  assert.equal(page.url(), `${www.url}/forgot-password`);
});
