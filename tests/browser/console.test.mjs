// Tests the page /console. It shows a token and checks it twice: in the page, with the package's
// WebAssembly, and on the server. These tests fake the server's answers. session.test.mjs uses real
// answers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import "./english.mjs";
import { reasonInWords, stepsOf } from "../../www/console-reasons.js";
import {
  addresses,
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
} from "./browser.mjs";
import { ADA, accessToken, fakeDiscovery, fakeSession, ISSUER, signedIn } from "./signed-in.mjs";

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
 * @param {{
 *   user?: typeof ADA | null, discovery?: { jwks?: unknown },
 *   before?: (page: import("playwright-core").Page) => Promise<void>
 * }} [given]
 */
async function open(t, { user = null, discovery, before = async () => {} } = {}) {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, user);
  await fakeDiscovery(page, discovery);
  await before(page);
  await page.goto("/console");
  await page.getByText(user ? `Signed in as ${user.email}.` : "You are not signed in.").waitFor();
  return { page, token: page.getByLabel("Access token"), headline: page.locator("#headline") };
}

const answersOf = (page) =>
  page
    .locator("[data-check]")
    .evaluateAll((rows) =>
      rows.map((row) =>
        [".local strong", ".server strong", ".agreement"].map(
          (place) => row.querySelector(place)?.textContent ?? "",
        ),
      ),
    );

test("a good token: header and claims are explained, the verdict is the package's, the time counts down", async (t) => {
  const { page, token, headline } = await open(t);
  const text = accessToken(ADA, { extra: { a: 1 }, __proto__: null });
  await token.fill(`  ${text}\n`);
  await headline.getByText("It is valid").waitFor();
  assert.deepEqual(
    await page.locator("#steps li").evaluateAll((all) => all.map(({ dataset }) => dataset.state)),
    ["good", "good", "good"],
  );
  const names = await page.locator("#claims dt, #header dt").allTextContents();
  for (const name of [
    "alg",
    "kid",
    "typ",
    "iss",
    "sub",
    "aud",
    "client_id",
    "exp",
    "iat",
    "auth_time",
    "jti",
    "sid",
    "ver",
    "roles",
    "email",
    "email_verified",
  ]) {
    assert.ok(names.includes(name), name);
  }
  const extra = page.locator("#claims > div").filter({ hasText: "extra" });
  assert.match(await extra.textContent(), /\{"a":1\}.*it is ignored/);
  const seconds = async () => {
    const [, minutes, rest] = (await page.locator("#expiry").textContent()).match(
      /^Expires in (\d+) min (\d+) s$/,
    );
    return minutes * 60 + Number(rest);
  };
  const first = await seconds();
  assert.ok(first > 500 && first <= 600, `${first}`);
  await page.waitForFunction(
    (before) => document.querySelector("#expiry")?.textContent !== before,
    await page.locator("#expiry").textContent(),
  );
  assert.ok((await seconds()) < first);
});

test("the expected audience is the operator's AUDIENCE", async (t) => {
  const AUDIENCE = 'https://api.example.com/?a="b"';
  const own = await servePages({ AUDIENCE });
  t.after(() => own.stop());
  const page = await openPage(t, browser, own.url);
  await fakeSession(page, null);
  await fakeDiscovery(page);
  await page.goto("/console");
  await page.getByText("You are not signed in.").waitFor();
  await page.getByLabel("Access token").fill(accessToken(ADA, { aud: AUDIENCE }));
  await page.locator("#headline").getByText("It is valid").waitFor({ timeout: 10_000 });
  assert.equal(await page.locator("code .audience").first().textContent(), AUDIENCE);
});

test("a token that expires while it is looked at is checked again", async (t) => {
  const page = await openPage(t, browser, www.url);
  await page.clock.install({ time: Date.now() });
  await fakeSession(page, null);
  await fakeDiscovery(page);
  await page.goto("/console");
  await page.getByText("You are not signed in.").waitFor();
  await page.getByLabel("Access token").fill(accessToken());
  await page.getByText("It is valid").waitFor();
  await page.clock.fastForward("10:02");
  await page.getByText("It has expired.").waitFor();
  await page
    .locator("#expiry")
    .getByText(/^Expired \d+ s ago$/)
    .waitFor();
});

describe("a bad token is said to be so, with the reason in words", () => {
  const good = accessToken();
  const [header, claims, signature] = good.split(".");
  /** @type {[name: string, text: string, says: string, steps: string[]][]} */
  const BAD = [
    ["cut off", good.slice(0, -22), "does not have the right length", ["good", "bad", "unknown"]],
    [
      "altered",
      `${header}.${claims}.${signature.replace(/^.{4}/, (some) => (some === "AAAA" ? "BBBB" : "AAAA"))}`,
      "The signature does not match",
      ["good", "bad", "unknown"],
    ],
    [
      "of another key",
      accessToken(ADA, {}, { kid: "other" }),
      "None of the public keys of this service has its kid",
      ["good", "bad", "unknown"],
    ],
    [
      "expired",
      accessToken(ADA, { exp: 1_767_226_200, iat: 1_767_225_600 }),
      "It has expired",
      ["good", "good", "bad"],
    ],
    [
      "of another issuer",
      accessToken(ADA, { iss: "https://evil.example" }),
      `Expected: ${ISSUER}`,
      ["good", "good", "bad"],
    ],
    [
      "for another audience",
      accessToken(ADA, { aud: "other" }),
      "Expected: edgegate",
      ["good", "good", "bad"],
    ],
    [
      "an ID token",
      accessToken(ADA, {}, { typ: "JWT" }),
      "It is another kind of token",
      ["bad", "unknown", "unknown"],
    ],
    [
      "alg none",
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url")}.${claims}.`,
      "“none” is never accepted",
      ["bad", "unknown", "unknown"],
    ],
    ["with Bearer", `Bearer ${good}`, "“Bearer” before it", ["bad", "unknown", "unknown"]],
    ["a word", "hello", "It does not have three parts", ["bad", "unknown", "unknown"]],
    [
      "in another script",
      "токен.токен.токен",
      "a character that a token never has",
      ["bad", "unknown", "unknown"],
    ],
    ["huge", "x".repeat(1_000_000), "longer than 4 KiB", ["bad", "unknown", "unknown"]],
    [
      "without a session",
      accessToken(ADA, { sid: undefined }),
      "“sid” is missing.",
      ["good", "good", "bad"],
    ],
  ];

  test("the page names the fault of each bad token", async (t) => {
    const { page, token, headline } = await open(t);
    for (const [name, text, says, steps] of BAD) {
      await token.fill(text);
      await page.locator("#reason").getByText(says).waitFor();
      assert.equal(await headline.textContent(), "It is not valid", name);
      assert.deepEqual(
        await page
          .locator("#steps li")
          .evaluateAll((all) => all.map(({ dataset }) => dataset.state)),
        steps,
        name,
      );
    }
    await token.fill("");
    assert.equal(
      await page.locator("#verdict, #says, #checks").filter({ visible: true }).count(),
      0,
    );
  });

  test("claims that are markup are text", async (t) => {
    const { page, token } = await open(t);
    const evil = "<img src=x onerror=alert(1)>";
    await token.fill(
      accessToken(
        { ...ADA, email: evil, roles: [evil] },
        { [evil]: evil, __proto__: evil, constructor: evil },
      ),
    );
    await page.locator("#claims").getByText(evil).first().waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  });

  test("there are words for every reason of the core", () => {
    const source = readFileSync(
      new URL("../../crates/token/src/error.rs", import.meta.url),
      "utf8",
    );
    const reasons = [...source.matchAll(/^ {8}\w+, "(\w+)", "/gm)].map(([, reason]) => reason);
    assert.ok(reasons.length > 60);
    for (const reason of reasons) {
      const words = reasonInWords(reason, { issuer: "i", audience: "a" });
      assert.match(words, /^[A-Z“].*[.?]$|Expected: [ia]$/, reason);
      assert.notEqual(words, "It is not a token of this service.", reason);
      assert.equal(stepsOf(reason).filter(({ state }) => state === "bad").length, 1, reason);
    }
    assert.equal(reasonInWords("of_a_later_version"), "It is not a token of this service.");
    assert.equal(reasonInWords("constructor"), "It is not a token of this service.");
  });
});

test("the checks run here alone send nothing; both send the token to the server and compare", async (t) => {
  const { page, token } = await open(t);
  const asked = await fake(page, "/auth/authorized?*", (time) =>
    time === 2 ? { status: 403, json: { authorized: false } } : { json: { authorized: true } },
  );
  const sent = [];
  page.on("request", (request) =>
    sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData()}`),
  );
  const text = accessToken();
  await token.fill(text);
  await page.getByText("It is valid").waitFor();
  assert.equal(await page.locator("#check-role").inputValue(), "editor user");
  assert.equal(await page.locator("#check-user-id").inputValue(), ADA.id);
  assert.equal(await page.locator("#check-email").inputValue(), ADA.email);

  await page.getByRole("button", { name: "Check here only" }).click();
  await page.getByText("Checked here. Nothing was sent.").waitFor();
  assert.deepEqual(await answersOf(page), [
    ["Yes", "–", ""],
    ["Yes", "–", ""],
    ["Yes", "–", ""],
  ]);
  assert.deepEqual(
    sent.filter((request) => request.includes(text.split(".")[2])),
    [],
  );
  assert.equal(asked.length, 0);

  await page.locator("#check-role").fill("admin, editor");
  await page.locator("#check-role").press("Enter");
  await page.getByText("This page and the server differ in 1 of 3 checks.").waitFor();
  const [role, id, email] = await answersOf(page);
  assert.deepEqual(
    [role, email],
    [
      ["Yes", "Yes", "They agree."],
      ["Yes", "Yes", "They agree."],
    ],
  );
  assert.deepEqual(id, ["Yes", "No", "They differ."]);
  assert.match(
    await page.locator("#why-differ").textContent(),
    /^The token itself is valid, .*until the token expires, for (10 min 0|9 min \d+) s more\.$/,
  );
  assert.ok(asked.every(({ headers }) => headers.authorization === `Bearer ${text}`));
  assert.ok(sent.some((request) => request.includes("/auth/authorized?role=admin&role=editor")));
  assert.match(
    await page.locator("[data-check=role] .local .ms").textContent(),
    /^\d+(\.\d\d)? ms$/,
  );

  // The page does not store the token. The token is only in the input field and in the headers of
  // the requests.
  const kept = await page.evaluate(() =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      history.state,
      document.cookie,
      location.href,
    ]),
  );
  assert.ok(!kept.includes(text.split(".")[2]));
  assert.deepEqual(await addresses(page), [`${www.url}/console`]);
  assert.ok(sent.every((request) => !request.split(" ")[0].includes(text.split(".")[2])));
});

test("other criteria, no criteria, and what the server does not take or answer", async (t) => {
  const { page, token } = await open(t);
  const answers = [
    problem(401, "invalid_token"),
    problem(400, "invalid_request"),
    problem(429, "rate_limited", {}, { "Retry-After": "7" }),
    "offline",
  ];
  await fake(page, "/auth/authorized?*", (time) => answers[time - 1]);
  await token.fill(accessToken());
  await page.getByText("It is valid").waitFor();
  const both = page.getByRole("button", { name: "Check here and on the server" });
  await page.locator("#check-role").fill("admin");
  await page.locator("#check-email").fill("ADA@example.com");
  await both.dblclick();
  await page.getByText("Not every check could be run.").waitFor();
  assert.deepEqual(await answersOf(page), [
    ["No", "No", "They agree."],
    ["Yes", "Not asked", ""],
    ["Yes", "No answer", ""],
  ]);
  await page.getByText("Wait 7 seconds, then try again.").waitFor();
  await page.locator("#check-user-id").fill(" ");
  await page.locator("#check-email").fill("");
  await both.click();
  await page.getByText("No answer came.").waitFor();
  await page.locator("#check-role").fill(" , ");
  await both.click();
  await page.getByText("Nothing to check: type a role, a user id or an address.").waitFor();
});

test("the token of this session, and the audience with it", async (t) => {
  const { page, token } = await open(t, { user: ADA });
  await page.getByRole("button", { name: "Use this session’s token" }).click();
  await page.getByText("It is valid").waitFor();
  assert.match(await token.inputValue(), /^eyJ/);
  assert.equal(await page.locator(".snippet .audience").first().textContent(), "edgegate");
  await page.getByText("Expected issuer and audience").click();
  await page.getByLabel("Audience").fill("other");
  await page.getByLabel("Audience").press("Tab");
  await page.getByText("Expected: other").waitFor();
  await page.getByLabel("Audience").fill("");
  await page.getByLabel("Audience").press("Tab");
  await page.getByText("Type the expected issuer and the expected audience").waitFor();
});

test("in local development the demo accounts are a click away", async (t) => {
  const { page } = await open(t);
  const asked = await fake(page, "/auth/login", (time) =>
    time === 1 ? problem(401, "invalid_credentials") : signedIn(),
  );
  const ada = page.getByRole("button", { name: "Try as ada@example.com" });
  await ada.click();
  await page.getByText("The email address or the password is wrong.").waitFor();
  await ada.click();
  await page.getByText("It is valid").waitFor();
  assert.deepEqual(asked[1].body, {
    email: "ada@example.com",
    password: "correct horse battery staple",
    cookie: true,
  });
  assert.equal(await ada.isVisible(), false);
  assert.equal(await focused(page), "token");
});

test("what does not load is named, and can be loaded again", async (t) => {
  const { page, token, headline } = await open(t, {
    before: async (page) => {
      await fake(page, "/edgegate/wasm/edgegate_bg.wasm", {
        status: 404,
        contentType: "text/html",
        body: "",
      });
    },
  });
  await fake(page, "/auth/authorized?*", { json: { authorized: true } });
  await token.fill(accessToken());
  await headline.getByText("It can’t be checked here now").waitFor();
  await page
    .getByText(/their WebAssembly did not load: .*edgegate_bg\.wasm with status 404/)
    .waitFor();
  // The page still shows the claims, and can still ask the server.
  await page.locator("#claims").getByText(ADA.email).waitFor();
  await page.getByRole("button", { name: "Check here and on the server" }).click();
  await page.getByText("Not every check could be run.").waitFor();
  assert.deepEqual(await answersOf(page), [
    ["Could not run", "Yes", ""],
    ["Could not run", "Yes", ""],
    ["Could not run", "Yes", ""],
  ]);
  await page.unroute("**/edgegate/wasm/edgegate_bg.wasm");
  await page.getByRole("button", { name: "Try again" }).click();
  await headline.getByText("It is valid").waitFor();
});

test("under a policy without 'wasm-unsafe-eval' the page says what is missing", async (t) => {
  const page = await browser.newPage({ baseURL: www.url });
  t.after(() => page.close());
  await fakeSession(page, null);
  await fakeDiscovery(page);
  await page.route("**/console", async (route) => {
    const response = await route.fetch();
    const policy = response.headers()["content-security-policy"].replace(" 'wasm-unsafe-eval'", "");
    await route.fulfill({
      response,
      headers: { ...response.headers(), "content-security-policy": policy },
    });
  });
  await page.goto("/console");
  await page.getByText("You are not signed in.").waitFor();
  await page.getByLabel("Access token").fill(accessToken());
  await page.getByText("add 'wasm-unsafe-eval' to its script-src directive").waitFor();
});

test("keys that can’t be read, and a service that publishes none", async (t) => {
  for (const [jwks, says] of [
    [problem(503, "unavailable"), "The public keys could not be read"],
    [{ json: { keys: [] } }, "publishes no public key"],
  ]) {
    const { page, token } = await open(t, { discovery: { jwks } });
    await token.fill(accessToken());
    await page.locator("#reason").getByText(says).waitFor();
  }
});

describe("an answer is never shown beside another question", () => {
  /**
   * @param {import("node:test").TestContext} t
   * @param {unknown} [authorized] an answer in a form that `fake` accepts
   */
  async function checked(t, authorized = { json: { authorized: true } }) {
    const { page, token, headline } = await open(t);
    await fake(page, "/auth/authorized?*", authorized);
    await token.fill(accessToken());
    await headline.getByText("It is valid").waitFor();
    const both = page.getByRole("button", { name: "Check here and on the server" });
    await both.click();
    return { page, token, headline, both };
  }
  const NONE = ["–", "–", ""];
  const AGREED = ["Yes", "Yes", "They agree."];

  test("a changed criterion clears its own answers, and the sentence about all of them", async (t) => {
    const { page } = await checked(t);
    await page.getByText("This page and the server agree.").waitFor();
    await page.locator("#check-role").fill("admin");
    assert.deepEqual(await answersOf(page), [NONE, AGREED, AGREED]);
    assert.equal(await page.locator("#checked").textContent(), "");
    assert.equal(await page.locator("#why-differ").textContent(), "");
  });

  test("an answer that comes after the change is not shown", async (t) => {
    let answer;
    const held = new Promise((resolve) => (answer = resolve));
    const { page, both } = await checked(t, () => held);
    await page.locator("[data-check=role] .local").getByText("Yes").waitFor();
    await page.locator("#check-role").fill("admin");
    answer({ json: { authorized: true } });
    await page.locator("#check-form [type=submit]:not([aria-disabled])").waitFor();
    assert.deepEqual((await answersOf(page))[0], NONE);
    assert.equal(await page.locator("#checked").textContent(), "");
    await both.click();
    await page.getByText("This page and the server differ in 1 of 3 checks.").waitFor();
  });

  test("the verdict disappears as soon as the token, the issuer or the audience is changed", async (t) => {
    for (const change of [
      (page) =>
        page
          .getByLabel("Audience")
          .press("End")
          .then(() => page.keyboard.type("x")),
      (page) =>
        page
          .getByLabel("Issuer")
          .press("End")
          .then(() => page.keyboard.type("x")),
    ]) {
      const { page, headline } = await checked(t);
      await page.getByText("This page and the server agree.").waitFor();
      await page.getByText("Expected issuer and audience").click();
      await change(page);
      assert.equal(await headline.textContent(), "");
      assert.equal(await page.locator("#steps li").count(), 0);
      assert.equal(await page.locator("#life").isVisible(), false);
      assert.deepEqual(await answersOf(page), [NONE, NONE, NONE]);
      assert.equal(await page.locator("#checked").textContent(), "");
      await page.keyboard.press("Tab");
      await headline.getByText("It is not valid").waitFor();
    }
    const { page, token, headline } = await checked(t);
    await page.getByText("This page and the server agree.").waitFor();
    await page.evaluate(() => {
      const headline = /** @type {Element} */ (document.querySelector("#headline"));
      window.said = [];
      new MutationObserver(() => window.said.push(headline.textContent)).observe(headline, {
        childList: true,
      });
    });
    await token.fill(`${accessToken()}x`);
    await headline.getByText("It is not valid").waitFor();
    assert.deepEqual(await page.evaluate(() => window.said), ["", "It is not valid"]);
    assert.deepEqual(await answersOf(page), [NONE, NONE, NONE]);
  });
});
