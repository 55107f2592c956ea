// Tests the rotation of keys: which step is due, and what each step stores.
import assert from "node:assert/strict";
import { test } from "node:test";
import { idleOf, nextStep, rotated } from "../../npm/edgegate-worker/cli/lib/rotation.js";
import { signingKeys, ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";

const DAY = 86_400;
const IDLE = 30 * DAY;
const NOW = 1_800_000_000;
const kids = (secret) => JSON.parse(secret).keys.map(({ kid }) => kid);
const next = (name, text, done) => nextStep({ name, text, done, idle: IDLE, now: NOW });

test("a key is appended, moved to the front, and the others are dropped", () => {
  const first = signingKeys();
  const added = rotated("SIGNING_KEYS", first, "add");
  const [old, fresh, ...more] = kids(added);
  assert.deepEqual([[old], more], [kids(first), []]);
  const promoted = rotated("SIGNING_KEYS", added, "promote");
  assert.deepEqual(kids(promoted), [fresh, old]);
  assert.deepEqual(kids(rotated("SIGNING_KEYS", promoted, "drop")), [fresh]);
  assert.deepEqual(
    JSON.parse(promoted).keys[1],
    JSON.parse(first).keys[0],
    "nothing of it is lost",
  );
});

test("a ticket secret rotates in the same way", () => {
  const first = ticketSecret();
  const added = rotated("TICKET_SECRET", first, "add");
  const [old, fresh] = added.split(",");
  assert.equal(old, first);
  const promoted = rotated("TICKET_SECRET", added, "promote");
  assert.equal(promoted, `${fresh},${old}`);
  assert.equal(rotated("TICKET_SECRET", promoted, "drop"), fresh);
});

test("a step that does not fit is refused", () => {
  for (const step of /** @type {const} */ (["promote", "drop"]))
    assert.throws(() => rotated("SIGNING_KEYS", signingKeys(), step), /nothing to/);
  const eight = Array.from({ length: 8 }, ticketSecret).join(",");
  assert.throws(() => rotated("TICKET_SECRET", eight, "add"), /8 values, the most/);
});

test("each step is due when the one before has had its time", () => {
  for (const [name, make, afterPromote] of /** @type {const} */ ([
    ["SIGNING_KEYS", signingKeys, 3600],
    ["TICKET_SECRET", ticketSecret, IDLE],
  ])) {
    const one = make();
    assert.deepEqual(next(name, one), { step: "add", from: NOW, isDue: true, isKnown: true });
    const two = rotated(name, one, "add");
    const due = (step, ago) => next(name, two, { step, at: NOW - ago });
    assert.deepEqual([due("add", DAY - 1).step, due("add", DAY - 1).isDue], ["promote", false]);
    assert.deepEqual([due("add", DAY).step, due("add", DAY).isDue], ["promote", true]);
    const early = due("promote", afterPromote - 1);
    assert.deepEqual([early.step, early.isDue], ["drop", false]);
    assert.equal(due("promote", afterPromote).isDue, true);
    const unknown = next(name, two);
    assert.deepEqual([unknown.isDue, unknown.isKnown], [false, false], "nobody knows since when");
  }
});

test("a ticket secret is kept while a mailed link or a session may depend on it", () => {
  const two = `${ticketSecret()},${ticketSecret()}`;
  const dueAfter = (seconds, idle) =>
    nextStep({
      ...{ name: "TICKET_SECRET", text: two, idle, now: NOW },
      done: { step: "promote", at: NOW - seconds },
    }).isDue;
  // In the first case, sessions last only ten minutes. Links last a day, so the next step is due
  // only after a day.
  assert.deepEqual([dueAfter(DAY - 1, 600), dueAfter(DAY, 600)], [false, true]);
  assert.deepEqual([dueAfter(IDLE - 1, IDLE), dueAfter(IDLE, IDLE)], [false, true]);
  const idle = [
    {},
    { SESSION_TTL: "34560000" },
    { SESSION_TTL: "3600" },
    { SESSION_IDLE_TTL: "7200", SESSION_TTL: "34560000" },
  ].map(idleOf);
  assert.deepEqual(idle, [IDLE, IDLE, 3600, 7200]);
});
