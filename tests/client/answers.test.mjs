// The users that the client's methods return, and those in its events, are frozen objects. `me`
// returns the same object as the property `user`, until the user's data changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthClient } from "./client.mjs";
import { ADA, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const NEW_PASSWORD = "a passphrase nobody knows";
const ada = { email: ADA.email, password: PASSWORD };

/** A call of each method. If the client gets a new method, add a line for it. */
const CALLS = {
  ready: (client) => client.ready(),
  login: (client) => client.login(ada),
  register: (client) => client.register({ email: "eve@example.com", password: PASSWORD }),
  requestPasswordReset: (client) => client.requestPasswordReset(ADA.email),
  requestEmailVerification: (client) => client.requestEmailVerification(ADA.email),
  confirmPasswordReset: (client) => client.confirmPasswordReset({ token: "x", password: PASSWORD }),
  verifyEmail: (client) => client.verifyEmail({ token: "x", password: PASSWORD }),
  confirmEmailChange: (client) => client.confirmEmailChange("x"),
  changePassword: (client) =>
    client.changePassword({ current_password: PASSWORD, new_password: NEW_PASSWORD }),
  reauthenticate: (client) => client.reauthenticate(PASSWORD),
  changeEmail: (client) =>
    client.changeEmail({ email: "new@example.com", current_password: PASSWORD }),
  deleteAccount: (client) => client.deleteAccount({ current_password: PASSWORD }),
  me: (client) => client.me(),
  sessions: (client) => client.sessions(),
  endSession: (client, world) => client.endSession(world.cookie.split(".")[0]),
  endOtherSessions: (client) => client.endOtherSessions(),
  accessToken: (client) => client.accessToken(),
  fetch: (client) => client.fetch(`${ORIGIN}/api`),
  logout: (client) => client.logout(),
  close: async (client) => client.close(),
};

const isFrozen = (value) =>
  value === null ||
  typeof value !== "object" ||
  (Object.isFrozen(value) && Reflect.ownKeys(value).every((name) => isFrozen(value[name])));
const isUser = (value) => typeof value === "object" && value !== null && "email_verified" in value;

test("every method has its call here", () => {
  const methods = [AuthClient.prototype, Object.getPrototypeOf(AuthClient.prototype)].flatMap(
    (prototype) => Object.entries(Object.getOwnPropertyDescriptors(prototype)),
  );
  const names = methods
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor")
    .map(([name]) => name);
  assert.deepEqual(Object.keys(CALLS).sort(), names.sort());
});

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}: a user that it answers or tells is frozen, roles too`, async () => {
    const world = new World();
    const { client } = await signedIn(world);
    const users = [];
    for (const type of ["signed-in", "renewed"])
      client.addEventListener(type, ({ detail }) => users.push(detail.user));
    world.service.user(ADA.id).roles = ["editor", "user"];
    const answer = await world.run(call(client, world));
    if (isUser(answer)) users.push(answer);
    users.push(client.user);
    await world.advance(20 * 60_000);
    users.push(client.user);
    for (const user of users) {
      assert.ok(isFrozen(user), JSON.stringify(user));
      if (user !== null) assert.throws(() => user.roles.push("admin"), TypeError);
    }
    world.close();
  });
}

test("me answers the very object that user is, and a new one when something changed", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const before = client.user;
  assert.equal(await world.run(client.me()), before);
  world.service.user(ADA.id).first_name = "Augusta";
  const after = await world.run(client.me());
  assert.notEqual(after, before);
  assert.equal(client.user, after);
  assert.deepEqual([before?.first_name, after.first_name], ["Ada", "Augusta"]);
  world.close();
});
