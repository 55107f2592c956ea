// Tests what the pages say when the service has rejected something. The text must not blame the
// user for something that other people might have caused. For every error code, the text must begin
// with a capital letter and end with a full stop.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { EdgegateError, ERROR_CODES } from "../../npm/edgegate/errors.js";
import { inWords } from "../../www/failures.js";

test("too many tries: nobody is told that they, or their network, made them", () => {
  // With PASSWORD_WORK = "durable", the limit also counts the attempts of other people to guess the
  // password of this address.
  const text = inWords(new EdgegateError("rate_limited", "x", { retryAfter: 42 }));
  assert.match(text, /Wait 42 seconds, then try again\./);
  assert.doesNotMatch(text, /your (network|attempts|tries|device)|you tried/i);
});

test("every code has its sentences, without undefined and with an end", () => {
  for (const code of ERROR_CODES) {
    const text = inWords(new EdgegateError(code, "edgegate: what happened", { requestId: "5f0c" }));
    assert.match(text, /^[A-Z].*\.$/s, code);
    assert.doesNotMatch(text, /undefined|NaN|\[object/, code);
  }
});

test("the last administrator is told what to do first", () => {
  assert.match(
    inWords(new EdgegateError("last_administrator", "x", { status: 409 })),
    /somebody else an administrator first/,
  );
});
