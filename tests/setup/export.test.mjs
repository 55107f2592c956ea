// `edgegate users export` reads accounts page by page and writes them. Tests what happens when the
// command can't write them.
import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { writePages } from "../../npm/edgegate-worker/cli/users-export.js";

const line = (id) => `{"id":"${id}"}\n`;

/**
 * Returns fake pages with `count` accounts, two accounts on each page. `asked` lists the cursors in
 * the requests for pages.
 */
function pagesOf(count) {
  const ids = Array.from({ length: count }, (_, n) => `${n + 1}`);
  const asked = [];
  const pageOf = async (cursor) => {
    asked.push(cursor);
    const from = cursor === undefined ? 0 : ids.indexOf(cursor) + 1;
    return ids
      .slice(from, from + 2)
      .map(line)
      .join("");
  };
  return { pageOf, asked };
}

/** Returns a stream that fails at its nth write. */
const failing = (nth, code) =>
  new Writable({
    highWaterMark: 1,
    write: (_, __, done) => {
      nth -= 1;
      setImmediate(() => done(nth > 0 ? null : Object.assign(new Error(`${code}: no`), { code })));
    },
  });

test("every page is written, also to a slow reader", async () => {
  const to = new PassThrough({ highWaterMark: 1 });
  const read = text(to);
  const { pageOf, asked } = pagesOf(5);
  assert.equal(await writePages(to, pageOf), 5);
  to.end();
  assert.equal(await read, ["1", "2", "3", "4", "5"].map(line).join(""));
  assert.deepEqual(asked, [undefined, "2", "4", "5"]);
});

test("a full disk is an error, and not an export", { timeout: 10_000 }, async () => {
  await assert.rejects(writePages(failing(2, "ENOSPC"), pagesOf(9).pageOf), /ENOSPC.*incomplete/);
});

test("a reader that goes away ends it, without asking for all pages", {
  timeout: 10_000,
}, async () => {
  const { pageOf, asked } = pagesOf(99);
  await writePages(failing(2, "EPIPE"), pageOf);
  assert.ok(asked.length < 5, `${asked}`);
});
