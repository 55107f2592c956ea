// Tests attacks by pages of another origin, on the same site and on another site. Such a page makes
// a signed-in browser send requests that need no preflight: by forms, windows, images, scripts and
// frames. The session must not change, and the page must not be able to read an answer.
// cookie-mode.test.mjs tests `fetch` and forms in frames.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { count } from "../count.mjs";
import { startBrowser } from "./browser.mjs";
import { startEdgegate } from "./edgegate.mjs";

const PASSWORD = "correct horse battery staple";
const PATHS = [
  "/auth/login",
  "/auth/token",
  "/auth/revoke",
  "/auth/password/change",
  "/auth/me",
  "/auth/sessions",
  "/auth/users/019ab7a1-2c00-7101-8101-010101010101/revoke",
];

let browser,
  edgegate,
  servers,
  tried = 0;
before(async () => {
  [browser, edgegate, ...servers] = await Promise.all([
    startBrowser(),
    startEdgegate({ vars: { LIMITS: "off" } }),
    servePage("127.0.0.1"),
    servePage("localhost"),
  ]);
});
after(async () => {
  count(
    "cross-site",
    `${tried} requests forged by pages of another origin and another site, none with effect`,
  );
  await Promise.all([
    browser?.close(),
    edgegate?.stop(),
    ...(servers ?? []).map((server) => server.stop()),
  ]);
});

async function servePage(host) {
  const server = createServer((_, answer) =>
    answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>page</title>"),
  );
  await /** @type {Promise<void>} */ (new Promise((resolve) => server.listen(0, host, resolve)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://${host}:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

const cookiesOf = async (context) =>
  (await context.cookies(edgegate.origin)).map(({ name, value }) => [name, value]);

/**
 * Tries a renewal from a page of the service. Returns whether the session of the cookie still
 * exists.
 */
const renews = (own) =>
  own.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    return (
      await fetch("/auth/token", {
        method: "POST",
        headers,
        body: '{"grant_type":"refresh_token"}',
      })
    ).status;
  });

for (const [who, at] of [
  ["another origin of the same site", 0],
  ["another site", 1],
]) {
  test(`a page of ${who} navigates, opens, embeds and frames without effect`, async (t) => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const own = await context.newPage();
    await own.goto(`${edgegate.origin}/forgot-password`);
    const body = { email: "ada@example.com", password: PASSWORD, cookie: true };
    const begun = await own.evaluate(
      async (json) =>
        (
          await fetch("/auth/login", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(json),
          })
        ).status,
      body,
    );
    assert.equal(begun, 200);
    const before = await cookiesOf(context);
    const { port } = new URL(edgegate.origin);
    const names = [`edgegate-${port}`, `edgegate-${port}-device`, `edgegate-sso-${port}`];
    assert.deepEqual(before.map(([name]) => name).sort(), names);
    const evil = await context.newPage();
    const { origin } = servers[at];

    // This form navigates the whole page to the service. The browser sends each cookie whose
    // SameSite attribute allows it.
    for (const path of PATHS) {
      for (const enctype of [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
      ]) {
        await evil.goto(origin);
        const [, answer] = await Promise.all([
          evil.waitForURL(edgegate.origin + path),
          evil.waitForResponse((response) => response.url() === edgegate.origin + path),
          evil.evaluate(
            ([action, enctype]) => {
              const form = Object.assign(document.createElement("form"), {
                method: "POST",
                action,
                enctype,
              });
              for (const [name, value] of enctype === "text/plain"
                ? [
                    [
                      '{"email":"root@example.com","password":"correct horse battery staple","cookie":true,"x":"',
                      '"}',
                    ],
                  ]
                : [
                    ["email", "root@example.com"],
                    ["password", "correct horse battery staple"],
                    ["cookie", "true"],
                    ["grant_type", "refresh_token"],
                  ]) {
                form.append(Object.assign(document.createElement("input"), { name, value }));
              }
              document.body.append(form);
              // Submit the form only after this function has returned. The navigation aborts all
              // scripts that are still running in the page.
              setTimeout(() => form.submit());
            },
            [edgegate.origin + path, enctype],
          ),
        ]);
        tried++;
        assert.ok(
          [400, 401, 403, 405, 415].includes(answer.status()),
          `${path} ${enctype}: ${answer.status()}`,
        );
        assert.deepEqual(await cookiesOf(context), before, path);
      }
    }

    // Send GET requests with an image, a script and a window. The browser must not load an answer
    // as an image or a script, and the page must not be able to read the answer in the window.
    await evil.goto(origin);
    const outcomes = await evil.evaluate(
      async ([origin, paths]) => {
        const seen = [];
        for (const path of paths) {
          for (const name of ["img", "script"]) {
            const element = /** @type {HTMLImageElement} */ (document.createElement(name));
            seen.push(
              await new Promise((resolve) => {
                element.onload = () => resolve(`${name} ${path} loaded`);
                element.onerror = () => resolve("refused");
                element.src = origin + path;
                document.body.append(element);
              }),
            );
          }
          const opened = window.open(origin + path);
          await new Promise((resolve) => setTimeout(resolve, 50));
          try {
            seen.push(
              `window ${path} ${/** @type {Window} */ (opened).document.body.textContent && "readable"}`,
            );
          } catch {
            seen.push("refused");
          }
          opened?.close();
        }
        return seen;
      },
      [edgegate.origin, [...PATHS, "/sign-in"]],
    );
    tried += outcomes.length;
    // Ignore windows without text, because they still show about:blank.
    assert.deepEqual(
      outcomes.filter((what) => what !== "refused" && !/^window \S+ $/.test(what)),
      [],
    );

    // To prevent clickjacking, the browser must show none of the service's pages in a frame.
    for (const path of ["/sign-in", "/account", "/reset-password", "/console", "/auth/me"]) {
      await evil.goto(origin);
      await evil.evaluate(
        (src) =>
          new Promise((resolve) => {
            const frame = Object.assign(document.createElement("iframe"), { src });
            // If the browser blocks the frame, it is possible that no event fires. So stop waiting
            // after 2 s.
            frame.onload = frame.onerror = resolve;
            setTimeout(resolve, 2000);
            document.body.append(frame);
          }),
        edgegate.origin + path,
      );
      tried++;
      const shown = evil.frames().filter((frame) => frame !== evil.mainFrame());
      assert.ok(
        shown.every((frame) => !frame.url().startsWith(edgegate.origin)),
        `${path} is framed`,
      );
    }

    assert.deepEqual(await cookiesOf(context), before);
    assert.equal(await renews(own), 200);
  });
}
