// If a person opens an address of the service in a browser and the answer is an error, the browser
// gets an error page in the person's language. A program that requests the same address gets
// problem+json. At /auth/authorized and /healthz, errors are problem+json for browsers too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { prefersHtml } from "../../src/edge/pages/index.mjs";
import { PAGES, pageMeant } from "../../src/edge/pages/paths.mjs";
import { openPage, servePages, startBrowser } from "./browser.mjs";

const BROWSERS = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages({ MAIL_LOCALE: "en" })]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

const ask = (path, init = {}) => fetch(www.url + path, { redirect: "manual", ...init });

test("HTML only where Accept names it before JSON (RFC 9110 section 12.5.1)", () => {
  for (const [accept, wanted] of /** @type {const} */ ([
    [BROWSERS, true],
    ["text/html", true],
    ["TEXT/HTML;level=1", true],
    ["application/json;q=0.9, text/html", true],
    ["*/*", false],
    ["", false],
    ["application/json, text/plain, */*", false],
    ["application/json, text/html;q=0.9", false],
    ["application/problem+json, text/html", false],
    ["text/html;q=0", false],
    ["text/html;q=x", false],
    ["text/*", false],
    ["text/htmlx", false],
  ]))
    assert.equal(prefersHtml(accept), wanted, accept);
});

test("a person's 404 is a page, a program's is problem+json; both have the same status and id", async () => {
  for (const path of ["/nothing", "/nothing.php", "/auth/nothing", "/words/fr.json", "/error"]) {
    const page = await ask(path, { headers: { Accept: BROWSERS, "Accept-Language": "de" } });
    assert.equal(page.status, 404, path);
    assert.match(page.headers.get("Content-Type") ?? "", /^text\/html/);
    assert.match(page.headers.get("Content-Security-Policy") ?? "", /^default-src 'none'/);
    assert.equal(page.headers.get("Cache-Control"), "no-store");
    assert.match(page.headers.get("Vary") ?? "", /Accept\b/);
    assert.equal(page.headers.get("X-Request-Id"), "5f0c");
    const html = await page.text();
    assert.match(
      html,
      /<html lang="de">[\s\S]*Hier ist keine Seite[\s\S]*404 not_found, Anfrage 5f0c/,
    );
    assert.doesNotMatch(html, /data-words|data-refusal/);
    for (const headers of [{}, { Accept: "application/json" }, { Accept: "*/*" }]) {
      const json = await ask(path, { headers });
      assert.equal(json.status, 404);
      assert.equal(json.headers.get("Content-Type"), "application/problem+json");
      assert.equal((await json.json()).code, "not_found");
    }
  }
});

test("a page keeps the headers of the refusal: its cookies, and who may read it", async () => {
  const page = await ask("/nothing", { headers: { Accept: BROWSERS, Origin: www.url } });
  assert.match(page.headers.get("Content-Type") ?? "", /^text\/html/);
  assert.deepEqual(page.headers.getSetCookie(), ["a=; Max-Age=0", "b=; Max-Age=0"]);
  assert.equal(page.headers.get("Access-Control-Allow-Origin"), www.url);
  assert.equal(page.headers.get("Accept-Encoding"), "identity");
  const vary = page.headers.get("Vary")?.split(", ").toSorted();
  assert.deepEqual(vary, ["Accept", "Accept-Language", "Origin"]);
  // The answer has the Content-Security-Policy of a page. It does not have the policy of the JSON
  // answer that the page replaces.
  assert.match(page.headers.get("Content-Security-Policy") ?? "", /script-src/);
});

test("a proxy that asks for a person at another site gets no page, and neither does /healthz", async () => {
  for (const path of ["/auth/authorized", "/healthz"]) {
    const answer = await ask(path, { headers: { Accept: BROWSERS } });
    assert.equal(answer.headers.get("Content-Type"), "application/problem+json", path);
  }
});

test("a page takes GET and HEAD only (RFC 9110 section 15.5.6)", async () => {
  for (const path of PAGES) {
    const head = await ask(path, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""], path);
    for (const [accept, type] of /** @type {[accept: string, type: RegExp][]} */ ([
      [BROWSERS, /^text\/html/],
      ["*/*", /^application\/problem\+json$/],
    ])) {
      const refused = await ask(path, { method: "POST", headers: { Accept: accept } });
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.get("Allow"), "GET, HEAD");
      assert.match(refused.headers.get("Content-Type") ?? "", type);
      assert.match(await refused.text(), /method_not_allowed/);
    }
  }
});

test("the usual names lead to the pages and keep the query; signing out takes a button", async () => {
  for (const [path, page] of [
    ["/login", "/sign-in"],
    ["/signin", "/sign-in"],
    ["/Sign-In", "/sign-in"],
    ["/sign-in/", "/sign-in"],
    ["/LOGIN/", "/sign-in"],
    ["/login.html", "/sign-in"],
    ["/signup", "/register"],
    ["/sign-up", "/register"],
    ["/forgot", "/forgot-password"],
    ["/password/reset", "/forgot-password"],
    ["/logout", "/account"],
    ["/signout", "/account"],
    ["/profile", "/account"],
  ]) {
    const answer = await ask(`${path}?return_to=%2Fconsole`);
    const target = answer.headers.get("Location");
    assert.equal(target, `${page}?return_to=%2Fconsole`, path);
    // The static file server answers 307 instead of 302 if the path ends in a slash.
    assert.ok([302, 307].includes(answer.status), path);
    assert.equal(answer.headers.get("X-Content-Type-Options"), "nosniff");
    assert.ok([404, 405].includes((await ask(path, { method: "POST" })).status), path);
  }
  for (const path of ["/", "/sign-in", "/nothing", "//login", "/x/login", "/login/x", "/__proto__"])
    assert.equal(pageMeant(path), undefined, path);
});

test("what browsers and phones ask for by themselves is there", async () => {
  for (const [path, type, begins] of /** @type {const} */ ([
    ["/favicon.ico", /^image\/(x-icon|vnd\.microsoft\.icon)$/, "00000100"],
    ["/apple-touch-icon.png", /^image\/png$/, "89504e47"],
    ["/logo.svg", /^image\/svg\+xml/, ""],
  ])) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("Content-Type") ?? "", type);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.ok(bytes.toString("hex").startsWith(begins), path);
  }
});

for (const [language, title, says] of [
  ["de", "Anmelden", "Geben Sie Ihr Passwort ein."],
  ["en", "Sign in", "Type your password."],
]) {
  test(`${language}: the page and what its script says are in the language of the browser`, async (t) => {
    const page = await openPage(t, browser, www.url, { locale: language });
    await page.route("**/auth/token", (route) =>
      route.fulfill({ status: 400, json: { error: "invalid_grant" } }),
    );
    const answer = await page.goto("/sign-in");
    assert.equal(answer.headers()["content-language"], language);
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    assert.equal(await page.title(), title);
    await page.locator("[data-state=ready]").waitFor();
    await page.locator("[type=submit]").click();
    await page.getByText(says).waitFor();
    const other = language === "de" ? "en" : "de";
    await page.goto(`/sign-in?ui_locales=${other}`);
    assert.equal(await page.evaluate(() => document.documentElement.lang), other);
  });
}

test("no word of the pages can end the element that has them, and all of them are filled in", async () => {
  for (const path of PAGES) {
    for (const language of ["en", "de"]) {
      const html = await (await ask(`${path}?ui_locales=${language}`)).text();
      assert.doesNotMatch(html, /data-words|undefined|\[object/, path);
      const [, json] = /id="words">(.*?)<\/script>/s.exec(html) ?? assert.fail(path);
      assert.ok(!json.includes("<") && Object.keys(JSON.parse(json)).length > 0, path);
    }
  }
});
