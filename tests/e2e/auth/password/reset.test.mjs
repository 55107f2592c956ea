import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";
import { mails, mailTo, ticketOf } from "../../outbox.mjs";

const NEW_PASSWORD = "an analytical engine";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(() => edge.reset());
after(() => edge.stop());

const ask = (email, options) =>
  client.post("/auth/password/reset", { ...options, json: { email } });
const confirm = (token, password = NEW_PASSWORD) =>
  client.post("/auth/password/confirm", { json: { token, password } });
const login = (email, password) => client.post("/auth/login", { json: { email, password } });

async function linkFor(email) {
  const known = (await mails(edge)).length;
  assert.equal((await ask(email)).status, 202);
  return ticketOf(await mailTo(edge, email, known));
}

test("a reset from the asking to the new password: old sessions dead, the link spent, the owner told", async () => {
  const old = await client.logIn(ADA);
  const token = await linkFor(ADA);
  assert.equal((await confirm(token)).status, 204);
  assert.equal((await login(ADA, PASSWORD)).status, 401);
  assert.equal((await login(ADA, NEW_PASSWORD)).status, 200);
  assert.deepEqual(
    (({ status, body }) => [status, body.error])(await client.renew(old.refresh_token)),
    [400, "invalid_grant"],
  );
  assert.equal((await client.authorized({ role: "user" }, old.access_token)).status, 401);
  const again = await confirm(token, PASSWORD);
  assert.deepEqual([again.status, again.body.code], [400, "invalid_link"]);
  const notice = await mailTo(edge, ADA, 1);
  assert.match(notice.subject, /password was changed/i);
});

test("the mail: text and HTML, one link to a page, its ticket in the fragment, in the language of the one who asked", async () => {
  await ask(ADA, { headers: { "accept-language": "de-AT,de;q=0.9,en;q=0.5" } });
  const mail = await mailTo(edge, ADA);
  const link = `http://127.0.0.1:8787/reset-password#${ticketOf(mail)}`;
  assert.ok(mail.text.includes(link), mail.text);
  assert.ok(mail.html.includes(link));
  assert.match(mail.html, /<html[^>]* lang="de"/);
  assert.ok(Math.abs(mail.sent_at - Date.now() / 1000) < 60);
});

test("request_id: 16 bytes that the mailed link carries, and nothing else", async () => {
  const id = "3q2-7wABAgMEBQYHCAkKCw";
  for (const [path, page] of [
    ["/auth/password/reset", "reset-password"],
    ["/auth/email/resend", "verify-email"],
    ["/auth/register", "verify-email"],
  ]) {
    const email = path === "/auth/password/reset" ? ADA : `grace${path.length}@example.com`;
    for (const request_id of [
      "",
      "x",
      `${id}A`,
      "3q2-7wABAgMEBQYHCAkKC#",
      "3q2-7wABAgMEBQYHCAkKCx",
    ]) {
      const refused = await client.post(path, { json: { email, request_id } });
      assert.deepEqual(
        [refused.status, refused.body.errors],
        [422, [{ field: "request_id", reason: "not_an_id" }]],
        `${path} ${request_id}`,
      );
    }
    const { status } = await client.post(path, { json: { email, request_id: id } });
    assert.equal(status, 202);
    const mail = await mailTo(edge, email);
    const link = `http://127.0.0.1:8787/${page}?request_id=${id}#${ticketOf(mail)}`;
    assert.ok(mail.text.includes(link), mail.text);
    assert.ok(mail.html.includes(link));
  }
});

test("known and unknown, the answer is the same byte for byte", async () => {
  const answers = [await ask(ADA), await ask("nobody@example.com")];
  const bytes = answers.map(({ status, headers, body }) => {
    const shown = [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    return JSON.stringify([status, shown, body]);
  });
  assert.equal(bytes[0], bytes[1]);
  assert.match(bytes[0], /^\[202/);
  await mailTo(edge, ADA);
  assert.equal((await mails(edge)).length, 1, "nobody gets none");
});

test("what scanners do leaves the link good", async () => {
  const token = await linkFor(ADA);
  for (const method of ["GET", "HEAD"]) {
    const page = await edge.fetch(`/reset-password?token=${token}`, { method });
    assert.ok([200, 404].includes(page.status));
    const route = await edge.fetch(`/auth/password/confirm?token=${token}`, { method });
    assert.equal(route.status, 405);
    await route.body?.cancel();
    await page.body?.cancel();
  }
  assert.equal((await client.post("/auth/password/confirm", { json: { token } })).status, 422);
  assert.equal(
    (await client.post("/auth/password/confirm", { form: { token, password: NEW_PASSWORD } }))
      .status,
    415,
  );
  assert.equal((await confirm(token)).status, 204);
});

test("a weak password: 422 with reasons, and the link stays good", async () => {
  const token = await linkFor(ADA);
  const weak = await confirm(token, "password");
  assert.deepEqual(
    [weak.status, weak.body.code, weak.body.reasons],
    [422, "weak_password", ["too_short", "too_common"]],
  );
  const own = await confirm(token, `${ADA} and more`);
  assert.deepEqual([own.status, own.body.reasons], [422, ["contains_address"]]);
  assert.equal((await confirm(token)).status, 204);
});

test("twenty at once with one link: one wins", async () => {
  const token = await linkFor(ADA);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => confirm(token, `the passphrase number ${n}`)),
  );
  const won = answers.flatMap(({ status }, n) => (status === 204 ? [n] : []));
  assert.equal(won.length, 1);
  for (const { status, body } of answers)
    if (status !== 204) assert.deepEqual([status, body.code], [400, "invalid_link"]);
  assert.equal((await login(ADA, `the passphrase number ${won[0]}`)).status, 200);
});

test("what is no link of this kind: 400 invalid_link", async () => {
  const token = await linkFor(ADA);
  const { access_token, refresh_token } = await client.logIn(ADA);
  const altered = token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
  for (const text of [
    "",
    "egl_",
    altered,
    `${token}A`,
    token.toUpperCase(),
    access_token,
    refresh_token,
    "x".repeat(10_000),
  ]) {
    const { status, body } = await confirm(text);
    assert.deepEqual([status, body.code], [400, "invalid_link"], text.slice(0, 40));
  }
  for (const path of ["/auth/email/verify", "/auth/email/confirm"]) {
    const json = path.endsWith("verify") ? { token, password: NEW_PASSWORD } : { token };
    assert.equal((await client.post(path, { json })).body.code, "invalid_link", path);
  }
  assert.equal((await client.get("/auth/me", { token })).status, 401);
  assert.equal((await client.renew(token)).status, 400);
});

test("what is no address: 422, and nothing is queued", async () => {
  for (const email of [
    "",
    "ada",
    "ada@example.com\r\nBcc: x@example.net",
    '"ada"@example.com',
    "Ada <ada@example.com>",
    `${"a".repeat(65)}@example.com`,
    "ada@example.com,x@example.net",
  ]) {
    const { status, body } = await ask(email);
    assert.deepEqual([status, body.code], [422, "invalid_field"], email);
  }
  assert.equal(
    (await client.post("/auth/password/reset", { json: { email: [ADA, "x@example.net"] } })).status,
    400,
  );
});

test("the host of the link comes from configuration, never from the request", async () => {
  const headers = {
    "x-forwarded-host": "evil.example",
    forwarded: "host=evil.example",
    origin: "https://evil.example",
  };
  assert.equal(
    (
      await client.post("http://localhost:8787/auth/password/reset", {
        headers,
        json: { email: ADA },
      })
    ).status,
    202,
  );
  const mail = await mailTo(edge, ADA);
  assert.ok(!JSON.stringify(mail).includes("evil"));
  assert.ok(mail.text.includes("http://127.0.0.1:8787/reset-password#"));
});
