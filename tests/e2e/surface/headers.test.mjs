// Every answer has the security headers. The tests cause several kinds of errors at each operation
// of openapi.yaml. They also request paths that are not in openapi.yaml, and the pages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../../scripts/project/root.mjs";
import { count } from "../../count.mjs";
import { ADA, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";

const { paths, security } = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
const ID = "019ab7a1-2c00-7101-8101-010101010101";
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.keys(item)
    .filter((name) => /^(get|post|patch|delete)$/.test(name))
    .map((name) => ({
      method: name.toUpperCase(),
      path: path.replace(/\{\w+\}/g, ID),
      takesBody: Boolean(item[name].requestBody),
      takesForm: Boolean(item[name].requestBody?.["x-form"]),
      takesLines: Boolean(item[name].requestBody?.content["application/jsonl"]),
      isBearer: (item[name].security ?? security).some(
        (scheme) => "accessToken" in scheme || "operatorTicket" in scheme,
      ),
      access: item[name]["x-access"],
      isNavigation: Boolean(item[name]["x-navigation"]),
      success: Number(Object.keys(item[name].responses).find((status) => /^[23]/.test(status))),
    })),
);

// Strict-Transport-Security on the pages. The API must send the same value.
const [, HSTS] =
  /^ {2}Strict-Transport-Security: (.+)$/m.exec(readFileSync(inRoot("www/_headers"), "utf8")) ?? [];

const JSON_TYPE = { "content-type": "application/json" };
const LINES_TYPE = { "content-type": "application/jsonl" };
/**
 * The bodies that the test sends. For each body: the status that an operation must answer if it
 * takes a body.
 */
/** @type {Record<string, [init: { headers?: object, body?: string }, status: number]>} */
const BODIES = {
  none: [{}, 415],
  empty: [{ headers: JSON_TYPE }, 400],
  broken: [{ headers: JSON_TYPE, body: "{" }, 400],
  incomplete: [{ headers: JSON_TYPE, body: "{}" }, 422],
  text: [{ headers: { "content-type": "text/plain" }, body: "x" }, 415],
  large: [{ headers: JSON_TYPE, body: "x".repeat(17_000) }, 413],
};

/**
 * Returns the status that an operation must answer to the body BODIES[`body`]. `who` is the sender:
 * "nobody", a "user" or an "administrator". No user has the id in the path.
 */
function expected(operation, body, who, origin = "") {
  const { method, path, takesBody, takesForm, takesLines, isBearer, access, success } = operation;
  // Only pages of allowed origins may use these routes. The service first checks the size of the
  // request, and next its `Origin`.
  const isForOwnPages = /^\/auth\/authorize\/(request|decision)$/.test(path);
  if (isForOwnPages && origin !== "https://app.example.com") return body === "large" ? 413 : 403;
  // This operation takes many lines. It succeeds even if some lines are wrong, because its answer
  // has a separate result for each line.
  if (takesLines && ["broken", "incomplete", "large"].includes(body))
    return { nobody: 401, user: 403, administrator: success }[who];
  if (body === "large") return 413;
  // /auth/userinfo accepts only access tokens that were issued to apps. The tokens in this test
  // were not issued to apps.
  if (path === "/auth/userinfo") return 401;
  // The request does not say what to check. The Worker answers 400 for this before it reads the
  // token.
  if (isBearer && path === "/auth/authorized") return 400;
  if (isBearer && who === "nobody") return 401;
  if (takesBody && body === "incomplete") {
    // The app has not authenticated itself. The service checks this before it checks the
    // parameters.
    if (path === "/auth/introspect") return 401;
    if (path === "/auth/clients" && who === "user") return 403;
    if (takesForm) return 400;
    // An empty change is rejected with 400. A user who is not an administrator gets 403, and does
    // not learn that the change is empty.
    if (method === "PATCH") return who === "user" ? 403 : 400;
    // These operations require one of two members, and the body has neither of them.
    if (/mail\/retry|pseudonyms/.test(path)) return 400;
  }
  const isWhole = body === "incomplete" && /\/(invite|restored)$/.test(path);
  if (takesBody && !isWhole) return BODIES[body][1];
  if (access === "operator") return 403;
  if (["admin", "owner_or_admin"].includes(access) && who === "user") return 403;
  return access && path.includes(ID) ? 404 : success;
}

const ALWAYS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": HSTS,
  "x-content-type-options": "nosniff",
};

let edge, client;
const seen = new Map();
before(async () => {
  edge = await startWorker({ vars: { ALLOWED_ORIGINS: "https://app.example.com" } });
  client = clientOf(edge);
});
after(async () => {
  const answers = [...seen.values()].reduce((total, times) => total + times, 0);
  count(
    "security-headers",
    `security headers on ${answers} answers of ${operations.length} operations, statuses ${[...seen.keys()].sort().join(", ")}`,
  );
  await edge.stop();
});

function check({ status, headers }, where) {
  seen.set(status, (seen.get(status) ?? 0) + 1);
  // Of the requests that `ask` sends, only those to /auth/authorize and /auth/logout may be
  // answered with a page. The page has a style and perhaps a form.
  const isPage = /text\/html/.test(headers.get("content-type") ?? "");
  if (isPage) {
    assert.match(where, / \/auth\/(authorize|logout)\b/);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/=]+'; /, where);
    assert.match(policy, /; frame-ancestors 'none'$/, where);
    assert.doesNotMatch(policy, /script-src|unsafe/, where);
  }
  for (const [name, value] of Object.entries(ALWAYS)) {
    if (isPage && ["content-security-policy", "referrer-policy"].includes(name)) continue;
    assert.equal(headers.get(name), value, `${where}: ${name}`);
  }
  const isPublic = where.includes("/.well-known/") && status === 200;
  assert.equal(headers.get("cache-control"), isPublic ? "public, max-age=300" : "no-store", where);
  assert.match(headers.get("x-request-id"), /^[0-9a-f-]{36}$/, where);
  for (const name of ["server", "x-powered-by", "via", "x-aspnet-version"])
    assert.equal(headers.get(name), null, `${where}: ${name}`);
  const type = headers.get("content-type");
  // A page states its charset. JSON and JSON Lines are always UTF-8, and their media types have no
  // charset parameter (RFC 8259 section 11).
  if (isPage) return assert.equal(type, "text/html; charset=utf-8", where);
  if (type !== null) assert.match(type, /^application\/((problem\+|jwk-set\+)?json|jsonl)$/, where);
}

const ask = async (worker, method, path, init = {}) => {
  const answer = await worker.fetch(path, { method, redirect: "manual", ...init });
  await answer.arrayBuffer();
  check(answer, `${method} ${path} ${answer.status}`);
  return answer.status;
};

test("every operation, refused in every way and accepted", async () => {
  /** @type {Record<string, string | undefined>} */
  const tokens = { nobody: undefined };
  for (const [who, email] of [
    ["user", ADA],
    ["administrator", ROOT],
  ])
    tokens[who] = `Bearer ${(await client.logIn(email)).access_token}`;
  // Operations that end a session come last, because the other operations need the sessions.
  const isLast = ({ method, path }) => (method === "DELETE" || /revoke/.test(path) ? 1 : 0);
  const calm = operations.toSorted((a, b) => isLast(a) - isLast(b));
  for (const operation of calm) {
    const { method, path, takesBody, takesLines } = operation;
    for (const [body, [ofJson]] of Object.entries(takesBody ? BODIES : { none: BODIES.none })) {
      const isOfLines = takesLines && ofJson.headers === JSON_TYPE;
      const init = isOfLines ? { ...ofJson, headers: LINES_TYPE } : ofJson;
      for (const [who, authorization] of Object.entries(tokens)) {
        const status = await ask(edge, method, path, {
          ...init,
          headers: { ...init.headers, ...(authorization && { authorization }) },
        });
        // For operations to which a browser navigates, the status depends on the query.
        // tests/e2e/apps tests these operations.
        if (operation.isNavigation) continue;
        assert.equal(
          status,
          expected(operation, body, who),
          `${method} ${path}, body ${body}, ${who}`,
        );
      }
    }
    for (const origin of ["https://app.example.com", "https://evil.example"]) {
      const status = await ask(edge, method, path, { headers: { origin } });
      if (!operation.isNavigation)
        assert.equal(
          status,
          expected(operation, "none", "nobody", origin),
          `${method} ${path} from ${origin}`,
        );
      const preflight = await ask(edge, "OPTIONS", path, {
        headers: { origin, "access-control-request-method": method },
      });
      // A preflight of a foreign origin at /auth/authorized must not get a 2xx, because some
      // proxies treat any 2xx as permission. Documents that every page may read accept every
      // preflight.
      const isRefused = path === "/auth/authorized" && origin.includes("evil");
      const isForPages = operation.access !== "operator" && !operation.isNavigation;
      const answersPreflights = isForPages && /^\/(auth|\.well-known)\//.test(path);
      assert.equal(
        preflight,
        isRefused ? 403 : answersPreflights ? 204 : 405,
        `OPTIONS ${path} from ${origin}`,
      );
    }
    // /auth/authorized accepts all methods, because a proxy sends its question with the method of
    // its client's request.
    const isCheck = path === "/auth/authorized";
    assert.equal(await ask(edge, "PUT", path), isCheck ? 400 : 405);
    assert.equal(await ask(edge, method, `${path}/x/y/nothing`), 404);
    if (method === "GET" && !operation.isNavigation)
      assert.equal(
        await ask(edge, "HEAD", path),
        expected(operation, "none", "nobody"),
        `HEAD ${path}`,
      );
  }
  const authorization = `Bearer ${(await client.logIn(ADA)).access_token}`;
  assert.equal(
    await ask(edge, "GET", "/auth/authorized?role=user", { headers: { authorization } }),
    200,
  );
  assert.equal(
    await ask(edge, "POST", "/auth/password/reset", {
      headers: JSON_TYPE,
      body: JSON.stringify({ email: ADA }),
    }),
    202,
  );
  const login = { email: ADA, password: PASSWORD, cookie: true };
  assert.equal(
    await ask(edge, "POST", "/auth/login", {
      headers: { ...JSON_TYPE, origin: edge.origin },
      body: JSON.stringify(login),
    }),
    200,
  );
  assert.equal(await ask(edge, "GET", "/dev/outbox", { headers: { accept: "text/html" } }), 302);
  assert.equal(await ask(edge, "GET", "/dev/outbox"), 200);
});

test("a store that fails, and a wrong configuration", async (t) => {
  await edge.db.prepare("ALTER TABLE users RENAME TO gone").run();
  assert.equal(await ask(edge, "GET", "/healthz"), 503);
  await edge.db.prepare("ALTER TABLE gone RENAME TO users").run();
  const wrong = await startWorker({ secrets: { SIGNING_KEYS: undefined } });
  t.after(() => wrong.stop());
  for (const { method, path } of operations) assert.equal(await ask(wrong, method, path), 500);
});

test("the pages and files: theirs are in www/_headers", async () => {
  for (const path of [
    "/",
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
    "/openapi.yaml",
    "/edgegate/web.js",
  ]) {
    const { status, headers } = await edge.fetch(path);
    assert.equal(status, 200, path);
    assert.equal(headers.get("x-request-id"), null, path);
    seen.set(status, seen.get(status) + 1);
    assert.match(
      headers.get("content-security-policy"),
      /^default-src 'none';.*frame-ancestors 'none'/,
      path,
    );
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("strict-transport-security"), HSTS, path);
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(
      headers.get("cross-origin-resource-policy"),
      path === "/openapi.yaml" ? "cross-origin" : "same-origin",
    );
    assert.ok(headers.get("permissions-policy"));
    if (/^text\//.test(headers.get("content-type")))
      assert.match(headers.get("content-type"), /charset=utf-8/, path);
  }
});
