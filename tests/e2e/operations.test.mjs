import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ADA, ROOT, claimsOf, clientOf } from "./client.mjs";
import { eventually, startWorkers } from "./workers.mjs";

for (const SESSION_STORE of ["kv", "durable"]) test(SESSION_STORE, async (t) => {
  const vars = { LIMITS: "on", MAIL_PROVIDER: "cloudflare-binding", MAIL_FROM: "login@example.com", SESSION_STORE };
  const email = [{ name: "EMAIL" }];
  const { workers, stop } = await startWorkers([{ vars, email }, { vars: { ...vars, ROTATE_AFTER: "0" }, email }]);
  t.after(stop);
  const [edge, rotating] = workers.map(clientOf);
  const draw = (drawn) => workers[0].control({ drawn });
  const bill = async () => {
    const sum = {};
    for (const w of workers) for (const [k, v] of Object.entries((await w.control({})).bill)) sum[k] = (sum[k] ?? 0) + v;
    return sum;
  };
  const settled = async () => { let b = await bill(); for (;;) { await sleep(300); const n = await bill(); if (JSON.stringify(n) === JSON.stringify(b)) return n; b = n; } };
  const counted = async (name, act, wait) => {
    const before = await settled();
    const r = await act();
    await wait?.();
    const after = await settled();
    console.log(name, JSON.stringify(Object.fromEntries(Object.entries(after).map(([k, v]) => [k, v - (before[k] ?? 0)]).filter(([, v]) => v))));
    return r;
  };
  await draw(1);
  await clientOf(workers[1]).logIn(ROOT);
  await counted("first login", () => edge.logIn(ADA));
  let login = await counted("login", () => edge.logIn(ADA));
  await draw(0);
  await counted("login counting", () => edge.logIn(ADA));
  await draw(1);
  await counted("first check", () => edge.authorized({ role: "user" }, login.access_token));
  await counted("check", () => edge.authorized({ role: "user" }, login.access_token));
  await counted("kept", () => edge.renew(login.refresh_token));
  await counted("rotated", () => rotating.renew(login.refresh_token));
  await counted("logout", () => edge.post("/auth/revoke", { form: { token: login.refresh_token } }));
  const other = await edge.logIn(ADA);
  await counted("logout2", () => edge.post("/auth/revoke", { form: { token: other.refresh_token } }));
  const mails = async () => { let n = 0; for (const w of workers) n += (await w.control({})).mails.length; return n; };
  for (const [n, m] of [ROOT, ADA].entries()) await counted("reset " + m, () => edge.post("/auth/password/reset", { json: { email: m } }), () => eventually(async () => (await mails()) > n));
  if (SESSION_STORE === "durable") {
    for (const w of workers) await w.control({ clock: 40 * 86400 - 0 });
    await counted("alarm all", () => workers[0].objects.getByName(claimsOf(login.access_token).sub).ring());
  }
});
