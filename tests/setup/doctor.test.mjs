// Tests those checks of `edgegate doctor` that don't need Cloudflare: the check of the secrets, and
// the check of the DNS records of the mail domain. For the DNS records, the tests use a DNS
// resolver on this machine.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { checkMailDomain } from "../../npm/edgegate-worker/cli/lib/mail-domain.js";
import { checkSecrets } from "../../npm/edgegate-worker/cli/lib/secret-checks.js";
import { signingKeys, ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";

const KEY = `v=DKIM1; k=rsa; p=${"MIGfMA0GCSqGSIb3DQEBAQUAA4GN".repeat(3)}`;
const statuses = (checks) => Object.fromEntries(checks.map(({ name, status }) => [name, status]));

test("secrets that were made are random and distinct", () => {
  for (let n = 0; n < 200; n++) {
    const values = {
      SIGNING_KEYS: signingKeys(),
      TICKET_SECRET: `${ticketSecret()},${ticketSecret()}`,
      PEPPERS: `1:${ticketSecret()}`,
    };
    const checks = checkSecrets({ place: ".dev.vars", values }, []);
    assert.deepEqual(statuses(checks), { secrets: "ok" });
  }
});

test("weak, repeated and shared secrets are named, and never shown", () => {
  const word = Buffer.from("correct horse battery staple 1234").toString("base64url");
  const symmetric = JSON.stringify({ keys: [{ kty: "oct", k: word, kid: "a", alg: "HS256" }] });
  const secret = ticketSecret();
  const found = (values, others = []) => {
    const checks = checkSecrets({ place: "here", values }, others);
    assert.ok(!JSON.stringify(checks).includes(secret) && !JSON.stringify(checks).includes(word));
    return checks.map(({ status, detail }) => `${status} ${detail}`).join("\n");
  };
  assert.match(found({ TICKET_SECRET: word }), /problem TICKET_SECRET in here is not random/);
  assert.match(found({ SIGNING_KEYS: symmetric }), /problem SIGNING_KEYS in here is not random/);
  assert.match(found({ TICKET_SECRET: `${secret},${secret}` }), /TICKET_SECRET has the same value/);
  assert.match(found({ TICKET_SECRET: secret, PEPPERS: `1:${secret}` }), /PEPPERS has the same/);
  const shared = found({ TICKET_SECRET: secret }, [
    { place: "staging's file", values: { TICKET_SECRET: secret } },
  ]);
  assert.match(shared, /warning TICKET_SECRET is the same in staging's file/);
  assert.match(found({}), /skipped there are none/);
});

/** Starts a DNS resolver that answers with these records. */
async function resolverFor(t, records) {
  const asked = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://resolver");
    const name = searchParams.get("name") ?? "";
    asked.push(name);
    const found = records[name];
    const answer = (found ?? []).map((data) => ({ name, type: 16, TTL: 300, data }));
    response.writeHead(200, { "content-type": "application/dns-json" });
    response.end(JSON.stringify({ Status: found ? 0 : 3, Answer: answer }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { resolver: `http://127.0.0.1:${port}/dns-query`, asked };
}

test("a mail domain with all records is well, and its parts are joined", async (t) => {
  const { resolver, asked } = await resolverFor(t, {
    "mail.example.com": ['"v=spf1 include:amazon" "ses.com -all"', '"other=1"'],
    "resend._domainkey.mail.example.com": [`"${KEY.slice(0, 40)}" "${KEY.slice(40)}"`],
    "_dmarc.example.com": ['"v=DMARC1; p=reject; rua=mailto:d@example.com"'],
  });
  const given = { provider: "resend", from: "Example <login@Mail.example.com>", resolver };
  const { checks, date } = await checkMailDomain(given);
  assert.deepEqual(statuses(checks), { SPF: "ok", DKIM: "ok", DMARC: "ok" });
  assert.match(checks[0].detail, /include:amazonses\.com -all/);
  assert.match(checks[2].detail, /example\.com has the policy reject/);
  assert.ok(date && Math.abs(Date.parse(date) - Date.now()) < 60_000);
  assert.ok(asked.includes("_dmarc.mail.example.com"), "its own policy comes first");
});

test("what is missing or wrong with a mail domain is named", async (t) => {
  const none = await resolverFor(t, {});
  const given = { provider: "sendgrid", from: "login@example.com" };
  const { checks } = await checkMailDomain({ ...given, resolver: none.resolver });
  assert.deepEqual(statuses(checks), { SPF: "warning", DKIM: "problem", DMARC: "warning" });
  assert.match(checks[1].detail, /s1\._domainkey\.example\.com, s2\._domainkey\.example\.com/);

  const wrong = await resolverFor(t, {
    "example.com": ['"v=spf1 -all"', '"v=spf1 ~all"'],
    // An empty key means that the key was revoked.
    "s1._domainkey.example.com": ['"v=DKIM1; p="'],
    "_dmarc.example.com": ['"v=DMARC1; p=none"'],
  });
  const second = await checkMailDomain({ ...given, resolver: wrong.resolver });
  assert.deepEqual(statuses(second.checks), { SPF: "problem", DKIM: "problem", DMARC: "warning" });

  const own = await checkMailDomain({
    ...{ provider: "postmark", from: "login@example.com", resolver: none.resolver },
  });
  assert.equal(statuses(own.checks).DKIM, "skipped", "Postmark chooses the selector");
  const named = await checkMailDomain({
    ...{ provider: "postmark", from: "a@example.com", resolver: none.resolver, selector: "pm1" },
  });
  assert.match(named.checks[1].detail, /pm1\._domainkey\.example\.com/);
});

test("offline, the mail domain is skipped, and the reason is told", async (t) => {
  const { resolver } = await resolverFor(t, {});
  const closed = createServer();
  await new Promise((resolve) => closed.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (closed.address());
  await new Promise((resolve) => closed.close(resolve));
  const given = { provider: "resend", from: "a@example.com" };
  const gone = await checkMailDomain({ ...given, resolver: `http://127.0.0.1:${port}/dns-query` });
  assert.deepEqual(statuses(gone.checks), { SPF: "skipped", DKIM: "skipped", DMARC: "skipped" });
  assert.match(gone.checks[0].detail, /can't be looked up: .*ECONNREFUSED/);
  const unset = await checkMailDomain({ resolver });
  assert.deepEqual(statuses(unset.checks), { mail: "warning" });
});
