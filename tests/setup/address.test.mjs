// The command `edgegate` must compute the same canonical form of an email address as the service.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonical } from "../../npm/edgegate-worker/cli/lib/address.js";
import { inRoot } from "../../scripts/project/root.mjs";

test("the command finds accounts with an address in any script", () => {
  const { addresses } = JSON.parse(
    readFileSync(inRoot("tests/vectors/emails/scripts.json"), "utf8"),
  );
  for (const { input, canonical: expected, why } of addresses)
    if (expected) assert.equal(canonical(` ${input} `), expected, `${input}: ${why}`);
  assert.equal(canonical("Ada@EXAMPLE.com"), "ada@example.com");
  assert.equal(canonical("O'Brien@example.com"), "o'brien@example.com");
  assert.equal(canonical("\u24b6@example.com"), "\u24b6@example.com");
  for (const space of ["\u0085", "\u00a0", "\u3000", "\r\n", "\ufeff"])
    assert.equal(canonical(`${space}ada@example.com${space}`), "ada@example.com");
  for (const text of ["ada", "a@b@c.d", "a@b'c.d", 'a"b@c.d', "a b@c.d", "a@c.d'--", "a;b@c.d", ""])
    assert.throws(() => canonical(text), /can't be used here/, text);
});
