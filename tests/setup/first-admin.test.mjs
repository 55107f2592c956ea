// Tests how the first administrator is made. If the account has no password, the command prints a
// link with which its owner can choose one. If the account has a password but its address was not
// verified, somebody else might have registered it. Then the command does not change the account.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAdmin } from "../../npm/edgegate-worker/cli/lib/first-admin.js";

const EMAIL = "root@example.com";
const INVITATION = { link: "https://auth.example.com/reset-password#egl_x", expires_at: 9 };
const LINK = { link: INVITATION.link, expiresAt: 9 };

/**
 * Returns a fake service that has this account. If `user` is undefined, the service has no account.
 */
function serviceWith(user, { hasPassword = true } = {}) {
  const asked = [];
  const ask = async (method, path, body) => {
    asked.push(`${method} ${path.replace(/\?.*/, "")}`);
    if (method === "GET") return { status: 200, body: { users: user ? [user] : [] } };
    if (path === "/auth/users")
      return user
        ? { status: 409, body: { code: "email_taken" } }
        : { status: 201, body: { id: "1", invitation: INVITATION } };
    if (path.endsWith("/invite"))
      return hasPassword ? { status: 409, body: {} } : { status: 200, body: INVITATION };
    Object.assign(user, body);
    return { status: 200, body: user };
  };
  return { ask, asked };
}
const account = (more) => ({ id: "1", email: EMAIL, roles: ["user"], ...more });

test("without an account, one is made, and its link is returned", async () => {
  const { ask, asked } = serviceWith(undefined);
  assert.deepEqual(await makeAdmin(ask, EMAIL), LINK);
  assert.deepEqual(asked, ["POST /auth/users"]);
});

test("an account without a password gets another link, so a repeat works", async () => {
  const user = account({ roles: ["admin", "user"], email_verified: false });
  const { ask } = serviceWith(user, { hasPassword: false });
  assert.deepEqual(await makeAdmin(ask, EMAIL), LINK);
  assert.deepEqual(user.roles, ["admin", "user"]);
});

test("the owner of a verified address becomes an administrator", async () => {
  const user = account({ email_verified: true });
  const { ask } = serviceWith(user);
  assert.deepEqual(await makeAdmin(ask, EMAIL), {});
  assert.deepEqual(user.roles, ["user", "admin"]);
});

test("an account that somebody registered with an address they don't own stays what it is", async () => {
  const user = account({ email_verified: false });
  const { ask, asked } = serviceWith(user);
  await assert.rejects(makeAdmin(ask, EMAIL), /was not verified/);
  assert.deepEqual(user.roles, ["user"]);
  assert.ok(!asked.some((call) => call.startsWith("PATCH")));
});

test("another answer is told with its reason", async () => {
  const ask = async () => ({ status: 422, body: { code: "invalid_field", detail: "email" } });
  await assert.rejects(makeAdmin(ask, "x"), /the service answered 422 invalid_field: email/);
});
