// The list of error codes must be the same in three places: in the tables of docs/errors.md, in
// npm/edgegate/errors.js, and in its types. The package's README must have those codes that only
// the package uses.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { EdgegateError, ERROR_CODES } from "../../npm/edgegate/errors.js";
import { inRoot } from "../../scripts/project/root.mjs";

const read = (name) => readFileSync(inRoot(name), "utf8");

/** Returns the error codes in the table below a heading. Fails if a cell of the table is empty. */
function table(text, heading) {
  const part = text.split(heading)[1].split("\n## ")[0];
  return [...part.matchAll(/^\| `([a-z_]+)` \|(.*)\|$/gm)].map(([, code, cells]) => {
    assert.ok(
      cells.split(" | ").every((cell) => cell.trim() !== ""),
      `${code}: an empty cell`,
    );
    return code;
  });
}

const service = table(read("docs/errors.md"), "# Errors\n");
const own = table(read("docs/errors.md"), "## The npm package's own codes\n");

test("the list of the package is that of the documentation, in its order", () => {
  assert.equal(service.length, 28);
  assert.equal(own.length, 10);
  assert.deepEqual([...ERROR_CODES], [...service, ...own]);
  assert.ok(Object.isFrozen(ERROR_CODES));
});

test("the types have the same codes", () => {
  const union = (file, name) =>
    [
      ...read(`npm/edgegate/types/${file}`)
        .split(`type ${name} =`)[1]
        .split(";")[0]
        .matchAll(/\| "([a-z_]+)"/g),
    ].map(([, code]) => code);
  assert.deepEqual(union("generated.d.ts", "ServiceErrorCode"), service);
  assert.deepEqual(union("errors.d.ts", "PackageErrorCode"), own);
});

test("the README has the package's own codes", () => {
  assert.deepEqual(table(read("npm/edgegate/README.md"), "## Errors\n"), own);
});

test("no script makes an error of another code, and each of the package's own is made", () => {
  const scripts = readdirSync(inRoot("npm/edgegate"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".js") && !path.startsWith("wasm/"),
  );
  const made = scripts.flatMap((path) =>
    [...read(`npm/edgegate/${path}`).matchAll(/new EdgegateError\(\s*"([a-z_]+)"/g)].map(
      ([, code]) => code,
    ),
  );
  // crates/browser/src/refusal.rs contains the codes of the errors that the wasm returns.
  const bound = [...read("crates/browser/src/refusal.rs").matchAll(/"(invalid_[a-z_]+)"/g)].map(
    ([, code]) => code,
  );
  /** @type {readonly string[]} */
  const known = ERROR_CODES;
  for (const code of [...made, ...bound]) assert.ok(known.includes(code), code);
  for (const code of own) assert.ok([...made, ...bound].includes(code), `nothing makes ${code}`);
});

test("an error shows what it knows, and its cause", () => {
  const cause = new Error("below");
  const error = new EdgegateError("rate_limited", "slow down", {
    retryAfter: 5,
    status: 429,
    reason: undefined,
    // @ts-expect-error: there is no such member; the error must ignore it
    unknown: 1,
    cause,
  });
  assert.deepEqual(Object.keys(error).sort(), ["code", "retryAfter", "status"]);
  assert.equal(error.cause, cause);
  assert.equal(`${error}`, "EdgegateError: slow down");
  assert.ok(!("cause" in new EdgegateError("internal", "no cause")));
});
