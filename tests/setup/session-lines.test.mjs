// Tests the lines with which `edgegate sessions` and `edgegate users show` describe sessions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lastSignIn, lineOf } from "../../npm/edgegate-worker/cli/sessions.js";

const SESSION = {
  id: "one",
  begun_at: 1764000000,
  last_used_at: 1764000060,
  device: { browser: "Firefox", os: "Linux" },
  place: { country: "DE", city: null },
  network: "192.0.2.0",
};
const told = (app) => lineOf({ ...SESSION, ...(app && { app }) });

test("a session in an app names the app", () => {
  const times = "begun 2025-11-24T16:00:00Z; used 2025-11-24T16:01:00Z";
  const rest = "Firefox on Linux; DE; 192.0.2.0";
  assert.equal(told(), `  one  ${times}; ${rest}`);
  assert.equal(told({ client_id: "abc", name: "Shop" }), `  one  app Shop; ${times}; ${rest}`);
  // If nobody registered the app, the service knows only its id, and no name. If the app was
  // deleted, or if the user's grant was withdrawn, the service knows neither the id nor the name.
  const id = "https://client.example.net/metadata.json";
  assert.match(
    told({ client_id: id, name: null }),
    /^ {2}one {2}app https:\/\/client\.example\.net/,
  );
  assert.match(told({ client_id: null, name: null }), /^ {2}one {2}an app without access; begun/);
});

test("a session that an app began does not count as a sign-in", () => {
  const app = { client_id: "abc", name: "Shop" };
  const later = { ...SESSION, begun_at: SESSION.begun_at + 10 };
  assert.equal(lastSignIn([SESSION, { ...later, app }]), SESSION.begun_at);
  assert.equal(lastSignIn([SESSION, later]), later.begun_at);
  assert.equal(lastSignIn([{ ...later, app }]), undefined);
  assert.equal(lastSignIn([]), undefined);
});
