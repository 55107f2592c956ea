// When a store fails, the service answers 503 and logs a `reason`. The `reason` begins with the
// name of the store. docs/operations.md and docs/errors.md must list every name that the adapters
// use.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";

// The adapters that store data in memory are left out, because they exist only for tests.
const ADAPTERS = ["src/adapters/cloudflare", "src/adapters/kv_sessions"];
// If one of these stores fails, requests still succeed, so the service does not answer 503.
const LET_PASS = ["breached_passwords", "limiter"];

test("the documents have a row for every store that can fail", () => {
  const named = new Set();
  const paths = ADAPTERS.flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true }).map((path) => `${folder}/${path}`),
  );
  for (const path of paths) {
    if (!path.endsWith(".rs")) continue;
    const text = readFileSync(inRoot(path), "utf8");
    const constants = new Map(
      [...text.matchAll(/const (\w+): &str = "(\w+)";/g)].map(([, name, value]) => [name, value]),
    );
    const uses = /\b(?:StoreError::new|settled|failed)\(\s*(?:"(\w+)"|([A-Z]\w*)),/g;
    for (const [, literal, name] of text.matchAll(uses)) named.add(literal ?? constants.get(name));
    // An adapter that calls a Durable Object contains the name of the store in the constant OBJECT.
    if (constants.has("OBJECT")) named.add(constants.get("OBJECT"));
    // If a constant is passed to one of these functions, its value is the name of a store too.
    for (const [, name] of text.matchAll(/\b(?:text|odd)\(([A-Z]+)[,)]/g))
      named.add(constants.get(name));
  }
  for (const name of [undefined, ...LET_PASS]) named.delete(name);
  for (const page of ["docs/operations.md", "docs/errors.md"]) {
    const text = readFileSync(inRoot(page), "utf8");
    const rows = text
      .split("\n")
      .filter((line) => line.startsWith("| `") && line.includes("failed:`"));
    const documented = rows.flatMap((row) => [...row.matchAll(/`(\w+) failed:`/g)]);
    assert.deepEqual(documented.map(([, name]) => name).sort(), [...named].sort(), page);
  }
});
