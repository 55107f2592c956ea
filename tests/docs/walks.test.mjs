// ARCHITECTURE.md has three walks. A walk lists the functions through which a request passes. Each
// entry of a walk is called a hop. The function of each hop must be in the file that the hop names,
// and the file of an earlier hop must mention the function. A walk must not have too many hops.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";

/** The highest number of hops that each walk may have. */
const LIMITS = { renewal: 20, check: 12, login: 20 };

const text = readFileSync(inRoot("ARCHITECTURE.md"), "utf8");
const chapter = text.slice(text.indexOf("## Three walks")).split("\n## ")[0];

/** @type {{ title: string, hops: number, rows: { no: number, names: string[], file: string }[] }[]} */
const walks = chapter
  .split(/^\*\*(?=A )/m)
  .slice(1)
  .map((part) => {
    const [, title, hops] = part.match(/^A (\w+).*?: (\d+) hops\*\*/) ?? [];
    const rows = [...part.matchAll(/^\| (\d+) \| (.*?) \| \[.*?\]\((.*?)\) \|$/gm)];
    return {
      title,
      hops: Number(hops),
      rows: rows.map(([, no, functions, file]) => ({
        no: Number(no),
        names: [...functions.split(": ")[0].matchAll(/`(?:\w+::)?(\w+)`/g)].map(([, name]) => name),
        file,
      })),
    };
  });

test("there are three walks, and each heading tells the number of hops", () => {
  assert.deepEqual(
    walks.map(({ title }) => title),
    Object.keys(LIMITS),
  );
  for (const { hops, rows } of walks)
    assert.deepEqual(
      rows.map(({ no }) => no),
      Array.from({ length: hops }, (_, index) => index + 1),
    );
});

test("no walk is longer than its limit", () => {
  for (const [title, limit] of Object.entries(LIMITS)) {
    const walk = walks.find((one) => one.title === title);
    assert.ok(walk && walk.hops <= limit, `${title}: ${walk?.hops} hops, at most ${limit}`);
  }
});

test("each function of a hop is in its file", () => {
  for (const { title, rows } of walks)
    for (const { no, names, file } of rows) {
      assert.ok(statSync(inRoot(file)).isFile(), `${file} of hop ${no}`);
      const code = readFileSync(inRoot(file), "utf8");
      for (const name of names) {
        const definition = new RegExp(
          `\\b(fn|function|const) ${name}\\b|^ *(async )?${name}\\(`,
          "m",
        );
        assert.ok(definition.test(code), `${title}, hop ${no}: ${file} has no ${name}`);
      }
    }
});

test("a file of an earlier hop names the function of each hop", () => {
  for (const { title, rows } of walks)
    for (const [index, { no, names }] of rows.entries()) {
      if (index === 0) continue;
      const earlier = rows.slice(0, index).map(({ file }) => readFileSync(inRoot(file), "utf8"));
      assert.ok(
        earlier.some((code) => new RegExp(`\\b${names[0]}\\b`).test(code)),
        `${title}, hop ${no}: no file of an earlier hop names ${names[0]}`,
      );
    }
});
