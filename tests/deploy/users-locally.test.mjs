// Tests `edgegate users` and `edgegate clients` with the local service that `edgegate dev` starts.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../browser/edgegate.mjs";
import { buildPackages } from "../package/package.mjs";
import { makeProject } from "./project.mjs";

const PASSWORD = "correct horse battery staple";

before(buildPackages, { timeout: 600_000 });

test("accounts of the local service", { timeout: 600_000 }, async (t) => {
  const project = makeProject(t);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const run = (...args) => project.run([...args, "--port", `${port}`], {}, {});

  const none = await run("users", "list");
  assert.equal(none.code, 1);
  assert.match(none.text, /no service answers at .*npm start/);

  const { promise: kill, resolve: stop } = Promise.withResolvers();
  let ended = false;
  const service = project.run(["dev", "--port", `${port}`], {}, { kill });
  void service.then(() => (ended = true));
  t.after(async () => {
    stop(undefined);
    await service;
  });
  const isReady = () =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    assert.ok(!ended, "it has ended");
    await sleep(200);
  }
  const logIn = (email) =>
    fetch(`${origin}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password: PASSWORD }),
    });

  // The command changes one of the two demo accounts. Commands for the local service need no
  // confirmation.
  const granted = await run("users", "grant", "ada@example.com", "editor", "--json");
  assert.equal(granted.code, 0, granted.text);
  assert.deepEqual(JSON.parse(granted.stdout).roles, ["editor", "user"]);
  const answer = await logIn("ada@example.com");
  assert.equal(answer.status, 200);
  assert.deepEqual((await answer.json()).user.roles, ["editor", "user"]);
  const shown = await run("users", "show", "ada@example.com");
  assert.match(shown.text, /^roles +editor user$/m);
  assert.match(shown.text, /^sessions +1$/m);
  assert.ok(!/ego_/.test(granted.text + shown.text), "no ticket is printed");

  // There are two demo apps, and the command adds a third one.
  const must = async (...args) => {
    const { code, text, stdout } = await run("clients", ...args, "--json");
    assert.equal(code, 0, text);
    return JSON.parse(stdout);
  };
  const uri = "https://notes.example.com/callback";
  const plain = await run("clients", "create", "Notes", "--redirect-uri", "http://notes.example/");
  assert.equal(plain.code, 1);
  assert.match(plain.text, /rejects redirect_uris \(not_https\): use https:/);
  const made = await must("create", "Notes", "--confidential", "--redirect-uri", uri);
  assert.match(made.client_secret, /^egc_/);
  const id = made.client_id;
  const ids = (await must("list")).clients.map(({ client_id }) => client_id);
  assert.deepEqual(ids.toSorted(), ["demo-spa", "demo-web", id].toSorted());
  const changed = await must("change", id, "--name", "Ada's notes", "--first-party", "--disable");
  assert.deepEqual(
    [changed.name, changed.first_party, changed.disabled, changed.redirect_uris],
    ["Ada's notes", true, true, [uri]],
  );
  assert.equal((await must("change", id, "--no-first-party", "--enable")).disabled, false);
  const api = ["--resource", "https://api.example.com", "--scope", "notes.read"];
  const after = ["--post-logout-redirect-uri", "https://notes.example.com/"];
  const lists = ({ resources, scopes, post_logout_redirect_uris: uris }) =>
    [resources, scopes, uris].map(({ length }) => length);
  assert.deepEqual(lists(await must("change", id, ...api, ...after)), [1, 1, 1]);
  const emptied = ["--no-resource", "--no-scope", "--no-post-logout-redirect-uri"];
  assert.deepEqual(lists(await must("change", id, ...emptied)), [0, 0, 0]);
  assert.match(
    (await run("clients", "change", id)).text,
    /nothing is to be changed: add an option/,
  );
  const second = await must("secret", "add", id);
  assert.notEqual(second.client_secret, made.client_secret);
  const third = await run("clients", "secret", "add", id);
  assert.match(third.text, /has two secrets already/);
  await must("secret", "drop", id, second.id);
  assert.equal((await must("show", id)).secrets.length, 1);
  assert.match((await run("clients", "show", id)).text, /^redirect URIs {2}https:/m);
  await must("delete", id);
  const gone = await run("clients", "show", id);
  assert.equal(gone.code, 1);
  assert.match(gone.text, /no app has the client_id/);

  const both = await run("users", "list", "--remote");
  assert.match(both.text, /leave them out with --remote/);
});
