// It must be possible to apply each fault for mutation testing to the sources, and the committed
// results must belong to these faults. This file does not test whether the tests notice the faults.
// `npm run mutants` tests that, but it takes too long for `npm test`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { count } from "../count.mjs";
import { faults } from "./faults/index.mjs";
import { applied, failuresIn, readme } from "./mutants.mjs";

test("every fault can still be put in, and the committed results are all killed", () => {
  assert.equal(
    new Set(faults.map(({ id }) => id)).size,
    faults.length,
    "each has an id of its own",
  );
  for (const fault of faults) {
    for (const name of ["id", "promise", "file", "search"])
      assert.ok(fault[name], `${fault.id} has no ${name}`);
    assert.ok(fault.killers.length > 0, fault.id);
    applied(fault, readFileSync(inRoot(fault.file), "utf8"));
  }
  const expected = readme(faults.map((fault) => ({ ...fault, outcome: "killed" })));
  assert.equal(
    readFileSync(inRoot("tests/mutants/README.md"), "utf8"),
    expected,
    "run `npm run mutants -- --record`",
  );
  count(
    "mutants",
    `${faults.length} faults put in by hand, each noticed by its test when the results were recorded`,
  );
});

test("a fault whose text does not occur exactly once is an error", () => {
  const fault = { id: "x", file: "y", search: "a", replace: "b" };
  assert.equal(applied(fault, "1 a 2"), "1 b 2");
  assert.throws(() => applied(fault, "none"), /0 times/);
  assert.throws(() => applied(fault, "a a"), /2 times/);
  assert.throws(() => applied({ ...fault, replace: "a" }, "a"), /changes nothing/);
  assert.equal(
    applied({ ...fault, replace: "$&$1" }, "a"),
    "$&$1",
    "no pattern of replace() is expanded",
  );
});

test("a test that failed is read from the output of cargo and of node, and nothing else is", () => {
  const cargo =
    "running 2 tests\ntest a::good ... ok\ntest a::bad ... FAILED\n\nfailures:\n    a::bad\ntest result: FAILED. 1 passed";
  assert.deepEqual(failuresIn(cargo), ["a::bad"]);
  assert.deepEqual(failuresIn("ok 1 - good\nnot ok 2 - bad, too\n    not ok 1 - inner # time=1"), [
    "bad, too",
    "inner",
  ]);
  assert.deepEqual(failuresIn("✔ good (1.2ms)\n  ✖ bad (3.4ms)\n✖ failing tests:"), ["bad"]);
  assert.deepEqual(
    failuresIn("error[E0308]: mismatched types\nerror: could not compile `edgegate`"),
    ["E0308"],
  );
});
