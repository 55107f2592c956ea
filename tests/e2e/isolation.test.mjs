// Tests isolation: a user's credentials give no access to another user's data. The tests run with
// both session stores. They take the operations from openapi.yaml, which also says who may use each
// operation: through `security`, the path parameters, the `token` of mailed links, and `x-access`
// if not every user may use the operation. The test fails if it can't classify an operation, so a
// new route can't be forgotten.
import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { parse } from "yaml";
import { count } from "../count.mjs";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "./client.mjs";
import { makeSession, makeUsers } from "./forge.mjs";
import { TEST_SECRETS } from "./harness.mjs";
import { mailTo, ticketOf } from "./outbox.mjs";
import { eventually, startWorkers } from "./workers.mjs";

const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8"));
const METHODS = ["get", "post", "patch", "put", "delete"];
const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => classified(path, item, method)),
);
const bearers = operations.filter(({ kind }) => kind === "bearer");

/**
 * Returns what an operation requires, according to openapi.yaml. Throws if openapi.yaml does not
 * say it.
 */
function classified(path, item, method) {
  const operation = item[method];
  const where = `${method.toUpperCase()} ${path}`;
  const schemes = (operation.security ?? contract.security).flatMap((scheme) =>
    Object.keys(scheme),
  );
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const content = operation.requestBody?.content["application/json"];
  const lines = operation.requestBody?.content["application/jsonl"]?.example;
  // Leave out `cookie: true`. Requests with it require an allowed Origin, so they would be rejected
  // before the check that is tested here. tests/e2e/cookie-mode/requests.test.mjs tests that
  // requirement.
  const { cookie: _, ...members } = content?.example ?? content?.examples?.body.value ?? {};
  const body = content && members;
  const takes = Object.keys(resolve(content?.schema)?.properties ?? {});
  const access = operation["x-access"];
  const kind = ["accessToken", "accessToken,operatorTicket", "operatorTicket"].includes(
    schemes.join(),
  )
    ? "bearer"
    : schemes.join() === "refreshCookie"
      ? "refresh"
      : // tests/e2e/apps/token.test.mjs tests which operations apps may use.
        ["appToken", "clientSecret"].includes(schemes.join())
        ? "app"
        : schemes.length > 0
          ? undefined
          : takes.includes("token")
            ? "link"
            : "public";
  assert.ok(kind, `${where}: no test knows the security scheme ${schemes}`);
  assert.ok(
    named.every((name) => ["id", "sid"].includes(name)),
    `${where}: whose is ${named}?`,
  );
  assert.ok(
    access === undefined || ["owner", "admin", "owner_or_admin", "operator"].includes(access),
    `${where}: who is ${access}?`,
  );
  assert.equal(
    schemes.includes("operatorTicket"),
    ["admin", "owner_or_admin", "operator"].includes(access),
    `${where}: operatorTicket and x-access go together`,
  );
  assert.equal(
    access === "operator",
    schemes.join() === "operatorTicket",
    `${where}: an access token is for nobody here`,
  );
  const mayBeForbidden = operation.responses["403"]?.$ref?.endsWith("/Forbidden") ?? false;
  assert.equal(
    mayBeForbidden,
    ["admin", "owner_or_admin", "operator"].includes(access),
    `${where}: 403 and x-access go together`,
  );
  if (named.length > 0)
    assert.ok(
      kind === "bearer" && access,
      `${where} names a resource and says not who may touch it`,
    );
  if (content) assert.ok(Object.keys(body).length > 0, `${where} has no example of a body`);
  const query = path === "/auth/authorized" ? "?role=user" : "";
  const proof = proofOf(operation, where);
  return {
    where,
    proof,
    takes,
    lines,
    method: method.toUpperCase(),
    path,
    kind,
    access,
    named,
    body,
    query,
  };
}

function resolve(schema) {
  return schema?.$ref
    ? schema.$ref
        .slice(2)
        .split("/")
        .reduce((at, step) => at[step], contract)
    : schema;
}

/**
 * Reads `x-proof` of an operation, which every operation must have. "recent" means that the
 * operation requires a recent proof: that the user has given the password in the last ten minutes.
 * `{ recent: [...] }` means that it requires one if the request has one of these members. Returns
 * the members, or else the value of `x-proof`.
 */
function proofOf(operation, where) {
  const proof = operation["x-proof"];
  const members = proof?.recent;
  assert.ok(
    ["none", "password", "recent"].includes(proof) ||
      (Array.isArray(members) && members.length > 0),
    `${where}: x-proof is ${proof}`,
  );
  const refers = operation.responses["401"]?.$ref?.endsWith("/InvalidTokenOrProof") ?? false;
  assert.equal(
    refers,
    proof === "recent" || members !== undefined,
    `${where}: x-proof and the answer of 401 go together`,
  );
  return members ?? proof;
}

/**
 * Asserts that two results of `stored` are equal. If they differ, the message lists only the
 * entries that differ, because all entries together would be too long to read.
 *
 * @param {string} is
 * @param {string} was
 * @param {string} message
 */
function unchanged(is, was, message) {
  if (is === was) return;
  const [entries, before] = [is.split("\n"), was.split("\n")];
  const lines = [
    ...before.filter((entry) => !entries.includes(entry)).map((entry) => `- ${entry}`),
    ...entries.filter((entry) => !before.includes(entry)).map((entry) => `+ ${entry}`),
  ];
  assert.fail([message, ...lines].join("\n"));
}

let pairs = 0;
const walked = new Set();

for (const store of ["kv", "durable"])
  describe(store, () => {
    let workers;
    let edge;
    let client;
    // The users whose Durable Objects are compared. Deleted users stay in the set, because their
    // objects still exist.
    const ids = new Set();
    let ada;
    let root;
    const snapshots = new Map();
    before(async () => {
      // On a slow machine the tests take longer than the default lifetime of an access token.
      const vars = { SESSION_STORE: store, ACCESS_TOKEN_TTL: "3600" };
      workers = await startWorkers([{ vars }]);
      [edge] = workers.workers;
      client = clientOf(edge);
      await client.logIn(ADA);
    });
    beforeEach(async () => {
      snapshots.clear();
      // Log in again, so that for both users the last proof of the password is less than ten
      // minutes old.
      [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
      for (const { user } of [ada, root]) ids.add(user.id);
    });
    after(() => workers?.stop());

    const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

    /**
     * Signs an access token with these claims and this header. The signature is made with the
     * service's own key.
     */
    function signed(claims, header = {}) {
      const [jwk] = JSON.parse(TEST_SECRETS.SIGNING_KEYS).keys;
      const text = `${encoded({ typ: "at+jwt", alg: "EdDSA", kid: jwk.kid, ...header })}.${encoded(claims)}`;
      return `${text}.${sign(null, Buffer.from(text), { key: jwk, format: "jwk" }).toString("base64url")}`;
    }

    /**
     * Creates a user with Ada's password and one session. Copies the hash of Ada's password, so
     * that no password has to be hashed.
     */
    async function newUser(roles = ["user"]) {
      snapshots.clear();
      const [id] = await makeUsers(edge.db, 1);
      ids.add(id);
      const { password_hash } = await edge.db
        .prepare("SELECT password_hash FROM users WHERE email = ?1")
        .bind(ADA)
        .first();
      const update = edge.db.prepare(
        "UPDATE users SET password_hash = ?1, roles = ?2 WHERE id = ?3",
      );
      await update.bind(password_hash, JSON.stringify(roles), id).run();
      // Add a grant whose id is the user's id, so that a request to `/auth/grants/{id}` finds a
      // grant when `{id}` is the user's id.
      await edge.db
        .prepare(
          "INSERT INTO grants (id, user, client, resource, scopes, given_at) VALUES (?1, ?1, 'demo-spa', '', '[]', 1)",
        )
        .bind(id)
        .run();
      const { session, token: refresh_token } = await makeSession(edge, store, id, 10);
      const { version } = await edge.db
        .prepare("SELECT version FROM users WHERE id = ?1")
        .bind(id)
        .first();
      const address = { email: `${id}@example.com`, email_verified: false };
      const claims = {
        ...claimsOf(ada.access_token),
        ...address,
        sub: id,
        sid: session,
        ver: version,
        roles,
      };
      return { id, session, claims, access_token: signed(claims), refresh_token };
    }

    async function inTurn(times, make) {
      const made = [];
      while (made.length < times) made.push(await make());
      return made;
    }

    /**
     * Returns what is stored and queued, as one text with one line for each entry: each key in KV,
     * each table and row in D1, with `durable` each user's object of class Sessions, and the number
     * of queued mails. If `only` is given, returns only the entries that contain the text `only`.
     * Leaves out the entries that contain the text `except`.
     */
    async function stored(only = "", except = "nobody") {
      const { calls } = await edge.control({});
      const queued = (calls["queue send"] ?? 0) + (calls["notice queue send"] ?? 0);
      // Wait until all queued mails are delivered, because the delivery writes to the mail ledger
      // and to the outbox.
      await eventually(
        () => workers.logs().filter(({ event }) => event === "mail").length >= queued,
      );
      const users = store === "durable" ? [...ids].filter((id) => id.includes(only)) : [];
      const entries = await edge.stored(users);
      const ours = entries.filter((text) => text.includes(only) && !text.includes(except));
      return [only === "" ? `queued mails: ${queued}` : "", ...ours].join("\n");
    }

    /**
     * @param {{ method?: string, path?: *, query?: string, body?: object, lines?: string }} operation
     * @param {{ id?: string, sid?: string, [option: string]: unknown }} options
     */
    function ask({ method, path, query, body, lines }, { id, sid, ...options }) {
      const at = path.replace("{id}", id ?? "").replace("{sid}", sid ?? "");
      const sent = lines
        ? { body: lines, headers: { "content-type": "application/jsonl" } }
        : { ...(body && { json: body }) };
      return client.call(method, at + query, { ...sent, ...options });
    }

    /**
     * Sends the request. Asserts that the answer has the expected status and that no stored data
     * has changed. Ignores changes to the data of the user `except`.
     *
     * @param {*} operation
     * @param {string} why
     * @param {number} status
     * @param {{ except?: string, [option: string]: unknown }} options
     */
    async function refused(operation, why, status, { except, ...options }) {
      // Reuse the snapshot that was taken after the last request. Every other piece of code that
      // changes data deletes the snapshot.
      const was = snapshots.get(except) ?? (await stored("", except));
      const answer = await ask(operation, options);
      assert.equal(
        answer.status,
        status,
        `${operation.where}, ${why}: ${JSON.stringify(answer.body)}`,
      );
      const is = await stored("", except);
      unchanged(is, was, `${operation.where}, ${why}: something changed`);
      if (except) snapshots.clear();
      else snapshots.set(except, is);
      pairs += 1;
      return answer;
    }

    test("every place of storage is compared", async () => {
      const entries = (await edge.stored([ada.user.id])).map((line) => JSON.parse(line));
      const places = new Set(entries.map(([place, name]) => (place === "table" ? name : place)));
      for (const place of [
        store === "kv" ? "KV" : "object",
        "D1",
        "users",
        "mail_lanes",
        "mail_pools",
        "notices_once",
        "dead_letters",
        "freed_addresses",
        "departures",
        "operator_tickets",
        "clients",
        "client_secrets",
        "grants",
      ])
        assert.ok(places.has(place), place);
    });

    test("every operation of the contract is classified", () => {
      assert.ok(bearers.length >= 13 && operations.length > bearers.length);
      // The example requests contain the right password. So if a request is rejected, the reason is
      // the token.
      for (const { body } of bearers) assert.equal(body?.current_password ?? PASSWORD, PASSWORD);
      for (const change of [
        { security: [{ other: [] }] },
        { security: [] },
        { "x-access": undefined },
        { "x-access": "friend" },
        { "x-proof": undefined },
        { "x-proof": "none" },
        { "x-proof": { recent: [] } },
      ]) {
        const item = { delete: { ...contract.paths["/auth/users/{id}"].delete, ...change } };
        assert.throws(
          () => classified("/auth/users/{id}", item, "delete"),
          { name: "AssertionError" },
          JSON.stringify(change),
        );
      }
      assert.throws(
        () => classified("/auth/teams/{team}", contract.paths["/auth/users/{id}"], "get"),
        { name: "AssertionError" },
      );
    });

    test("a token that is not valid opens nothing", async () => {
      const [disabled, deleted, ended, demoted, whole] = await inTurn(5, () =>
        newUser(["admin", "user"]),
      );
      const token = root.access_token;
      assert.equal(
        (await client.patch(`/auth/users/${disabled.id}`, { token, json: { disabled: true } }))
          .status,
        200,
      );
      assert.equal((await client.del(`/auth/users/${deleted.id}`, { token })).status, 204);
      assert.equal(
        (await client.del(`/auth/sessions/${ended.session}`, { token: ended.access_token })).status,
        204,
      );
      assert.equal(
        (await client.patch(`/auth/users/${demoted.id}`, { token, json: { roles: ["user"] } }))
          .status,
        200,
      );
      // The token of the unchanged user is accepted. So the tokens of the other users are rejected
      // because these users were changed.
      assert.equal((await client.get("/auth/me", { token: whole.access_token })).status, 200);
      const { claims } = whole;
      const tokens = {
        "no token": undefined,
        "a disabled user's": disabled.access_token,
        "a deleted user's": deleted.access_token,
        "an ended session's": ended.access_token,
        "from before the roles were taken": demoted.access_token,
        "another issuer's": signed({ ...claims, iss: "https://other.example" }),
        "for another audience": signed({ ...claims, aud: "other" }),
        "an expired one": signed({ ...claims, iat: claims.iat - 9000, exp: claims.iat - 8000 }),
        "of another type": signed(claims, { typ: "JWT" }),
        "of no user": signed({ ...claims, sub: claims.sid }),
        "one altered": whole.access_token.replace(
          /\.[^.]+\./,
          `.${encoded({ ...claims, sub: root.user.id })}.`,
        ),
        "a refresh token": ada.refresh_token,
      };
      for (const operation of bearers) {
        for (const [why, token] of Object.entries(tokens)) {
          // By design, with sessions in KV a check at /auth/authorized does not look for the user
          // in the database, so it accepts this token. After a real deletion the check would reject
          // the token, because the deletion writes a record `stale:` for the user, and each check
          // reads that record.
          const isCheck = operation.path === "/auth/authorized";
          if (store === "kv" && isCheck && why === "of no user") continue;
          // The user of this token does not exist. If a request deletes such a user, the service
          // still writes the record `stale:` for the id, because an earlier deletion might have
          // been interrupted.
          const except = why === "of no user" ? claims.sid : undefined;
          const answer = await refused(operation, why, 401, {
            except,
            token,
            id: ada.user.id,
            sid: claimsOf(ada.access_token).sid,
          });
          assert.equal(answer.body.code, "invalid_token");
        }
        const headers = { cookie: `edgegate-8787=${ada.refresh_token}`, origin: edge.origin };
        await refused(operation, "a cookie alone", 401, {
          headers,
          id: ada.user.id,
          sid: claimsOf(ada.access_token).sid,
        });
      }
    });

    test("what can't be undone needs a proof of the last ten minutes", async () => {
      const VALUES = {
        roles: ["editor"],
        add_roles: ["editor"],
        remove_roles: ["user"],
        disabled: true,
        first_name: "Augusta",
        last_name: "King",
        email: "proof@new.example",
      };
      let asked = 0;
      for (const operation of bearers) {
        const { proof, takes, body, where } = operation;
        const administrator = await newUser(["admin", "user"]);
        const old = signed({ ...administrator.claims, auth_time: administrator.claims.iat - 600 });
        const target =
          operation.access === "admin" || operation.access === "owner_or_admin"
            ? await newUser()
            : administrator;
        const options = { token: old, id: target.id, sid: target.session };
        // Remove the user's password, because a user with a password can't be invited.
        if (operation.path.endsWith("/invite"))
          await edge.db
            .prepare("UPDATE users SET password_hash = '!' WHERE id = ?1")
            .bind(target.id)
            .run();
        // Send each member that requires a proof twice: together with the other members of the
        // example, and without them.
        const bodies =
          proof === "recent"
            ? [body]
            : Array.isArray(proof)
              ? proof.flatMap((name) => [
                  { ...body, [name]: VALUES[name] },
                  { ...(takes.includes("email") && { email: VALUES.email }), [name]: VALUES[name] },
                ])
              : [];
        for (const asking of bodies) {
          const answer = await refused(
            { ...operation, body: asking },
            "an old proof",
            401,
            options,
          );
          assert.deepEqual(
            [answer.body.code, answer.body.max_age],
            ["reauthentication_required", 600],
          );
          for (const auth_time of [undefined, administrator.claims.iat + 3600]) {
            const token = signed({ ...administrator.claims, auth_time });
            const { body: refusal } = await refused(
              { ...operation, body: asking },
              `auth_time ${auth_time}`,
              401,
              { ...options, token },
            );
            assert.equal(refusal.code, "reauthentication_required");
          }
          asked += 1;
        }
        // With an old proof the service still accepts requests without these members, and requests
        // to operations that require no proof.
        if (proof === "recent") continue;
        const left = Array.isArray(proof)
          ? { ...(takes.includes("email") ? { email: VALUES.email } : { first_name: "Augusta" }) }
          : body;
        const answer = await ask(
          {
            ...operation,
            body: left?.email ? { ...left, email: `${administrator.id}@new.example` } : left,
          },
          options,
        );
        assert.notEqual(answer.body.code, "reauthentication_required", where);
        // Operations that only operators may use are forbidden even to administrators.
        if (operation.access === "operator") assert.equal(answer.status, 403, where);
        else if (proof === "none") assert.ok(answer.status < 400, `${where}: ${answer.status}`);
        snapshots.clear();
      }
      assert.ok(asked >= 6, `only ${asked} asked for a proof`);
    });

    test("a user's token opens nothing of another's, and nothing of an administrator's", async () => {
      const [stranger, victim] = await inTurn(2, () => newUser());
      const [token, sid] = [stranger.access_token, claimsOf(ada.access_token).sid];
      for (const operation of bearers.filter(({ access }) => access)) {
        if (operation.access === "owner") {
          // The id of the victim's grant is the victim's id.
          const theirs = { sid, id: victim.id };
          await refused(operation, "another's", 404, { token, ...theirs });
          await refused(operation, "another's, by an administrator", 404, {
            token: root.access_token,
            ...theirs,
          });
          continue;
        }
        await refused(operation, "another's", 403, { token, sid, id: ada.user.id });
        await refused(operation, "an administrator's", 403, { token, sid, id: root.user.id });
        if (operation.access === "admin")
          await refused(operation, "one's own", 403, { token, sid, id: stranger.id });
        if (operation.access === "operator")
          await refused(operation, "by an administrator", 403, {
            token: root.access_token,
            id: stranger.id,
          });
      }
      // The grant has existed all the time: its owner can still withdraw it now.
      const own = await client.del(`/auth/grants/${victim.id}`, { token: victim.access_token });
      assert.equal(own.status, 204);
    });

    test("only the token decides who acts", async () => {
      const victim = ada.user;
      const was = await stored(victim.id);
      for (const operation of bearers.filter(({ access }) => !access)) {
        const names = Object.fromEntries(
          ["user_id", "userId", "id", "sub"].map((name) => [name, victim.id]),
        );
        if (!("email" in (operation.body ?? {}))) names.email = ADA;
        for (const [name, value] of Object.entries(names)) {
          const actor = await newUser();
          const options = { token: actor.access_token };
          if (operation.body) {
            await refused(
              { ...operation, body: { ...operation.body, [name]: value } },
              name,
              400,
              options,
            );
          } else {
            const asked = { ...operation, query: `?${new URLSearchParams({ [name]: value })}` };
            const { status, body } = await ask(asked, options);
            if (operation.path === "/auth/authorized")
              assert.ok([400, 403].includes(status), `${operation.where}?${name}: ${status}`);
            assert.ok(
              !JSON.stringify(body).includes(victim.id) && !JSON.stringify(body).includes(ADA),
              `${operation.where}?${name}`,
            );
            unchanged(await stored(victim.id), was, `${operation.where}?${name}`);
            pairs += 1;
          }
        }
        // The request carries the victim's cookie and the actor's token. It may change only the
        // actor's own data.
        const actor = await newUser();
        const body = operation.body?.email
          ? { ...operation.body, email: `${actor.id}@new.example` }
          : operation.body;
        const headers = { cookie: `edgegate-8787=${ada.refresh_token}`, origin: edge.origin };
        const answer = await ask({ ...operation, body }, { token: actor.access_token, headers });
        assert.ok(
          !JSON.stringify(answer.body).includes(victim.id),
          `${operation.where} with the victim's cookie`,
        );
        unchanged(await stored(victim.id), was, `${operation.where} with the victim's cookie`);
        pairs += 1;
      }
    });

    test("a session begun in a cookie ends the session of the cookie before it, and nothing else of its user", async () => {
      // This behaviour is intended (docs/decisions/0010): a request with both the cookie and the
      // token comes from one browser. The new cookie replaces the old cookie in this browser.
      // Afterwards nobody else has the token of the old session, so nobody could end that session
      // later.
      const [victim, actor] = [await newUser(), await newUser()];
      const other = await makeSession(edge, store, victim.id, 20);
      const row = () =>
        edge.db.prepare("SELECT * FROM users WHERE id = ?1").bind(victim.id).first();
      const before = await row();
      const headers = { cookie: `edgegate-8787=${victim.refresh_token}`, origin: edge.origin };
      const json = {
        current_password: PASSWORD,
        new_password: "a long enough passphrase",
        cookie: true,
      };
      const answer = await client.post("/auth/password/change", {
        token: actor.access_token,
        headers,
        json,
      });
      assert.equal(answer.status, 200);
      assert.equal(claimsOf(answer.body.access_token).sub, actor.id);
      assert.deepEqual(await row(), before);
      assert.equal(
        (await client.renew(victim.refresh_token)).status,
        400,
        "the session of the cookie before is over",
      );
      assert.equal(
        (await client.renew(other.token)).status,
        200,
        "another session of that user goes on",
      );
    });

    test("a refresh token or link is good for what it says, whoever brings it", async () => {
      const [stranger, disabled] = [await newUser(), await newUser()];
      await client.patch(`/auth/users/${disabled.id}`, {
        token: root.access_token,
        json: { disabled: true },
      });
      await client.post("/auth/password/reset", { json: { email: ROOT } });
      const reset = ticketOf(await mailTo(edge, ROOT));
      const token = stranger.access_token;
      for (const operation of operations.filter(({ kind }) => kind === "link")) {
        const altered = `${reset.slice(0, -8)}AAAAAAAA`;
        const links = {
          "an access token": ada.access_token,
          "a refresh token": ada.refresh_token,
          "one altered": altered,
        };
        if (operation.path !== "/auth/password/confirm") links["another purpose's"] = reset;
        for (const [why, link] of Object.entries(links)) {
          const body = { ...operation.body, token: link };
          const answer = await refused({ ...operation, body }, why, 400, { token });
          assert.equal(answer.body.code, "invalid_link");
        }
      }
      const renewal = operations.find(({ path }) => path === "/auth/token");
      const renew = (refresh_token) => ({
        ...renewal,
        body: { grant_type: "refresh_token", ...(refresh_token && { refresh_token }) },
      });
      const headers = { cookie: `edgegate-8787=${ada.refresh_token}`, origin: edge.origin };
      await refused(renew(stranger.refresh_token), "another's cookie beside it", 400, {
        token,
        headers,
      });
      await refused(renew(disabled.refresh_token), "a disabled user's", 400, { token });
      await refused(renew(ada.access_token), "an access token", 400, { token });
      await refused(renew(), "a bearer without a refresh token", 400, { token });
      const logOut = operations.find(({ path }) => path === "/auth/revoke");
      const forged = signed({ ...stranger.claims, sid: claimsOf(ada.access_token).sid }).replace(
        /.{8}$/,
        "AAAAAAAA",
      );
      await refused({ ...logOut, body: { token: forged } }, "a forged one", 200, { token });
      await refused({ ...logOut, body: {} }, "a bearer without a token", 400, { token });
      // The service treats whoever sends a refresh token as the user of this token. The access
      // token in the same request makes no difference.
      const { body } = await ask(renew(ada.refresh_token), { token });
      assert.equal(claimsOf(body.access_token).sub, ada.user.id);
      walked.add(store);
    });
  });

test("both stores were tried", () => {
  assert.deepEqual([...walked], ["kv", "durable"]);
  count(
    "isolation",
    `${pairs} isolation pairs over ${operations.length} operations on both session stores: all refused, nothing stored or queued`,
  );
});
