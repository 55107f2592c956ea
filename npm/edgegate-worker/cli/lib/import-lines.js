// Reads a file of user accounts to be imported, groups its lines into batches, and sends the
// batches to the service. However large the file is, only one batch is in memory at a time.
import { Advice } from "./advice.js";

/**
 * The limits of one request: its number of lines, its bytes, and the bytes of one line. Tests
 * compare these numbers with src/domain/policy.rs.
 */
export const MAX = { rows: 500, bytes: 1_048_576, line: 65_536 };

const NEWLINE = 10;
/**
 * How many seconds to wait before a failed request is sent again for the first, second, third,
 * fourth and fifth time.
 */
const PAUSES = [1, 2, 5, 15, 60];

/**
 * A line of the file. `bytes` does not include the line break. It is undefined if the line is too
 * long.
 *
 * @typedef {{ number: number, bytes?: Buffer }} Line
 * @typedef {{ number: number, bytes: Buffer }} Row
 * @typedef {{ line: number, status: string, id?: string, code?: string, detail?: string }} Outcome
 */

/**
 * The lines that are not empty, with their line numbers in the file, which start at 1.
 *
 * @param {AsyncIterable<Buffer> | Iterable<Buffer>} chunks
 * @returns {AsyncGenerator<Line>}
 */
export async function* linesOf(chunks) {
  /** @type {Buffer[]} */
  let held = [];
  let size = 0;
  let number = 1;
  const take = (/** @type {Buffer} */ part) => {
    size += part.length;
    if (size <= MAX.line + 1) held.push(part);
    else held = [];
  };
  const end = () => {
    const whole = Buffer.concat(held);
    const isTooLong = size > MAX.line + 1 || trimmed(whole, number).length > MAX.line;
    const line = { number, bytes: isTooLong ? undefined : trimmed(whole, number) };
    held = [];
    size = 0;
    number += 1;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      if (at === -1) break;
      take(chunk.subarray(from, at));
      const line = end();
      if (line.bytes?.length !== 0) yield line;
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  const last = end();
  if (last.bytes?.length !== 0) yield last;
}

/**
 * A line without the white space at its beginning and its end. The first line is also without the
 * byte order mark that some programs write.
 *
 * @param {Buffer} bytes
 * @param {number} number
 */
function trimmed(bytes, number) {
  let from = number === 1 && bytes.subarray(0, 3).equals(Buffer.from("\ufeff")) ? 3 : 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from])) from += 1;
  while (to > from && isSpace(bytes[to - 1])) to -= 1;
  return bytes.subarray(from, to);
}

/** @param {number} byte */
const isSpace = (byte) => byte === 32 || (byte >= 9 && byte <= 13);

/**
 * The first bytes of a compressed file, for each format.
 *
 * @type {Record<string, number[]>}
 */
const COMPRESSED = {
  gzip: [0x1f, 0x8b],
  zip: [0x50, 0x4b, 0x03, 0x04],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
};

/**
 * Looks at the beginning of the file's first line. Returns a message if the file can't be imported,
 * or undefined if it seems to consist of JSON lines.
 *
 * @param {Line | undefined} first
 */
export function formProblem(first) {
  if (!first?.bytes) return "it is empty";
  const { bytes } = first;
  const [kind] =
    Object.entries(COMPRESSED).find(([, begins]) => begins.every((byte, n) => bytes[n] === byte)) ??
    [];
  if (kind)
    return `it is compressed (${kind}): unpack it first, as by \`gunzip\`, \`unzip\` or \`unzstd\``;
  const text = bytes.toString();
  if (bytes[0] === 0xff || bytes[0] === 0xfe || text.includes("\0"))
    return "it is not UTF-8: convert it first";
  if (text.startsWith("["))
    return "it is a JSON array: write one object per line, as by `jq -c '.[]' users.json > users.jsonl`";
  if (text === "{")
    return "its first object goes over several lines: write one object per line, as by `jq -c . users.json > users.jsonl`";
  if (text.startsWith("{")) return undefined;
  return /[,;\t]/.test(text)
    ? "it looks like CSV: write one JSON object per line"
    : `its line ${first.number} is not a JSON object: write one JSON object per line`;
}

/**
 * Groups the lines into batches. The caller is allowed to change `limit` between two batches. A
 * line that is too long is put into no batch. Instead, `refuse` is called with the outcome of that
 * line.
 *
 * @param {AsyncIterable<Line> | Iterable<Line>} lines
 * @param {{ rows: number, bytes: number }} limit
 * @param {(outcome: Outcome) => void} refuse
 * @returns {AsyncGenerator<Row[]>}
 */
export async function* batchesOf(lines, limit, refuse) {
  /** @type {Row[]} */
  let batch = [];
  let size = 0;
  for await (const { number, bytes } of lines) {
    if (bytes === undefined) {
      refuse(tooLong(number));
      continue;
    }
    const isFull = batch.length >= limit.rows || size + bytes.length + 1 > limit.bytes;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push({ number, bytes });
    size += bytes.length + 1;
  }
  if (batch.length > 0) yield batch;
}

/** @param {number} line */
const tooLong = (line) => ({
  ...{ line, status: "refused", code: "line_too_long" },
  detail: `a line may have ${MAX.line} bytes`,
});

/**
 * Sends all lines in batches. If the service answers 503 or 413, the batch is halved and sent
 * again. After each success, the next batches can be larger again. `send` must also return the
 * status 503 if an answer is lost. It is safe to send a line twice, because the second time changes
 * nothing.
 *
 * @param {AsyncIterable<Line> | Iterable<Line>} lines
 * @param {object} world
 * @param {(body: Buffer) => Promise<import("./operator.js").Answer>} world.send
 * @param {(outcome: Outcome) => void} world.report gets the outcome of each line
 * @param {(seconds: number) => Promise<unknown>} world.sleep
 */
export async function sendLines(lines, { send, report, sleep }) {
  const limit = { rows: MAX.rows, bytes: MAX.bytes };
  for await (const batch of batchesOf(lines, limit, report)) {
    const pending = [batch];
    for (let tries = 0; pending.length > 0; ) {
      const [next] = pending;
      const answer = await send(bodyOf(next));
      const { status, body, retryAfter = 0 } = answer;
      if (status === 200) {
        pending.shift();
        tries = 0;
        limit.rows = Math.min(MAX.rows, limit.rows * 2);
        for (const row of body.rows) report({ ...row, line: next[row.line - 1].number });
      } else if ((status === 503 || status === 413) && next.length > 1) {
        const half = Math.ceil(next.length / 2);
        pending.splice(0, 1, next.slice(0, half), next.slice(half));
        limit.rows = half;
      } else if (status === 413) {
        pending.shift();
        report(tooLong(next[0].number));
      } else if ((status === 503 || status === 429) && tries < PAUSES.length) {
        await sleep(Math.max(retryAfter, PAUSES[tries]));
        tries += 1;
      } else {
        const reason = [body?.code, body?.detail ?? body?.title].filter(Boolean).join(": ");
        throw new Advice(
          `the service answered ${status} ${reason} at line ${next[0].number}. The lines before it are imported. Solve this and run the same command again: accounts that exist are not changed.`,
        );
      }
    }
  }
}

/** @param {Row[]} rows */
const bodyOf = (rows) => Buffer.concat(rows.flatMap(({ bytes }) => [bytes, Buffer.from("\n")]));
