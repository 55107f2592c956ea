// Searches the logs of a test run for what no log may contain:
//
//   node tests/logs/search.mjs <folder>
//
// During the test run, keep.mjs has stored in this folder everything that the Workers printed. The
// search recognizes the service's tokens, hashes of passwords, email addresses, network addresses
// and private keys by their form. It also searches for the passwords, keys and tokens of the tests
// that keep.mjs has stored: complete or in part, anywhere in a line, plain or encoded.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { count } from "../count.mjs";

/**
 * Recognizes the beginning of an access token: base64url of a JSON object whose first member has a
 * name of at least three lower-case letters, such as `{"alg":"E`. Only `eyJ`, which is `{"`, is not
 * enough: among some thousand random identifiers of mail providers, one contains these letters.
 */
const JWT = {
  test: (text) =>
    [...text.matchAll(/(?=(eyJ[\w-]{9}))/g)].some(([, start]) =>
      /^\{"[a-z_]{3}[\x20-\x7e]{4}$/.test(Buffer.from(start, "base64").toString("latin1")),
    ),
};

/**
 * Texts that are recognized by their form. The networks are those that are reserved for
 * documentation (RFC 5737, RFC 3849). The tests use addresses of these networks.
 */
export const FORMS = [
  ["an access token", JWT],
  ["a ticket", /eg[rldosqkac]_/],
  ["a hash of a password", /argon2/],
  ["an email address", /[^\s"]@[^\s"]/],
  ["an address of a network", /(?<!\d)(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d|2001:db8:/i],
  ["a private key", /"(?:d|k)\\*":/],
];
// Some text was decoded from base64 or hex. Random bytes in such a text could look like a short
// form by chance. Therefore such a text is searched only for these longer forms.
const LONG_FORMS = [
  ["an access token", JWT],
  ["a ticket", /eg[rldosqkac]_[\w-]{10}/],
  ["a hash of a password", /argon2/],
  ["an email address", /[\w.+-]{3,}@[\w-]{3,}\.[a-z]{2,}/i],
  ["an address of a network", FORMS[4][1]],
];

// To find parts of a secret, the search uses windows, which are pieces of the secret with a fixed
// length. In a random secret, a window of 16 characters begins at every fourth position. So any 19
// consecutive characters contain a complete window. In a secret that a person typed, a window of 12
// characters begins at every position.
const RANDOM = { length: 16, step: 4 };
const TYPED = { length: 12, step: 1 };
// How many times a text is decoded. Decoded text can itself be encoded, such as a token in the
// query of a URL.
const DEPTH = 3;

/** Searches the lines. `secrets` is a list of `[what, text]`. Returns a list of `[what, line]`. */
export function search(lines, secrets) {
  const windows = windowsOf(secrets);
  const found = [];
  for (const line of lines) {
    const seen = new Set();
    for (const { text, forms } of readings(line)) {
      for (const [what, form] of forms) if (form.test(text)) seen.add(what);
      for (const what of windows.in(text)) seen.add(what);
    }
    for (const what of seen) found.push([what, line]);
  }
  return found;
}

/** Returns all windows of the secrets, in one table for each length. */
function windowsOf(secrets) {
  const tables = new Map([
    [RANDOM.length, new Map()],
    [TYPED.length, new Map()],
  ]);
  for (const [what, secret] of secrets) {
    const isRandom = /^[\w.-]{30,}$/.test(secret);
    const { length, step } = isRandom ? RANDOM : TYPED;
    const table = /** @type {Map<string, unknown>} */ (tables.get(length));
    // Leave out the header of an access token. The header is not secret, because it is the same in
    // all tokens.
    const parts = isRandom && secret.startsWith("eyJ") ? secret.split(".").slice(1) : [secret];
    for (const part of parts) {
      for (let at = 0; at + length <= part.length; at += step)
        table.set(part.slice(at, at + length), what);
    }
  }
  return {
    *in(text) {
      for (const [length, table] of tables) {
        if (table.size === 0) continue;
        for (let at = 0; at + length <= text.length; at += 1) {
          const what = table.get(text.slice(at, at + length));
          if (what) yield what;
        }
      }
    },
  };
}

/**
 * Returns all texts that are searched for a line: the line as it was printed, and decoded forms of
 * the line or of its parts. The decodings are JSON escapes, percent-encoding, `+` for spaces,
 * base64 and hex.
 */
function readings(line) {
  const all = new Map();
  const queue = [{ text: line, forms: FORMS, depth: 0 }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { text, forms, depth } = next;
    if (text === "" || all.has(text)) continue;
    all.set(text, { text, forms });
    if (depth === DEPTH) continue;
    const add = (decoded, forms) => queue.push({ text: decoded, forms, depth: depth + 1 });
    if (text.includes("\\")) add(unescaped(text), forms);
    if (/%[0-9a-f]{2}/i.test(text)) add(percentDecoded(text), forms);
    if (/\w\+\w/.test(text)) add(text.replaceAll("+", " "), forms);
    for (const [run] of text.matchAll(/[\w+/-]{16,}={0,2}/g)) {
      for (const decoded of base64Decoded(run)) add(decoded, LONG_FORMS);
    }
    for (const [run] of text.matchAll(/[0-9a-f]{24,}/gi)) {
      for (const decoded of hexDecoded(run)) add(decoded, LONG_FORMS);
    }
  }
  return all.values();
}

const unescaped = (text) =>
  text.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (_, code, sign) =>
    code
      ? String.fromCharCode(Number.parseInt(code, 16))
      : ({ n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" }[sign] ?? sign),
  );

const percentDecoded = (text) =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll("%", ""), "hex").toString(),
  );

/**
 * Decodes consecutive characters as base64 or base64url. Base64 has groups of four characters, and
 * it is not known where the first group begins. So this function decodes the text from four
 * different positions.
 */
function base64Decoded(run) {
  return [0, 1, 2, 3]
    .map((at) => Buffer.from(run.slice(at), "base64"))
    .filter(isReadable)
    .map((bytes) => bytes.toString());
}

function hexDecoded(run) {
  return [0, 1]
    .map((at) => Buffer.from(run.slice(at, at + 2 * Math.floor((run.length - at) / 2)), "hex"))
    .filter(isReadable)
    .map((bytes) => bytes.toString());
}

/**
 * Returns whether the bytes contain text, which means eight readable characters in a row. Most
 * texts that look like base64 are not base64, and decode to random bytes. Random bytes need not be
 * searched.
 */
const isReadable = (bytes) => /[\x20-\x7e]{8}/.test(bytes.toString("latin1"));

/** Reads the lines and secrets that keep.mjs has stored. */
export function readKept(folder) {
  const entries = (ending) =>
    namesIn(folder)
      .filter((name) => name.endsWith(ending))
      .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
      .filter((entry) => entry !== "");
  return {
    lines: entries(".log").map((entry) => JSON.parse(entry)),
    secrets: [...new Set(entries(".secrets"))].map((entry) => JSON.parse(entry)),
  };
}

/**
 * Searches a folder and reports what it has found. Returns the exit code. The search also fails if
 * the folder contains too few lines about requests or too few secrets, because such a search would
 * prove nothing. `least` contains the two minimums.
 */
export function searchFolder(folder, tell = console.log, least = { requests: 1, secrets: 1 }) {
  const { lines, secrets } = readKept(folder);
  const requests = lines.filter((line) => line.includes('"event":"request"')).length;
  if (requests < least.requests || secrets.length < least.secrets) {
    tell(
      `there is too little to search in ${folder}: ${lines.length} lines, ${requests} of them of requests (at least ${least.requests}), ${secrets.length} secrets (at least ${least.secrets})`,
    );
    return 1;
  }
  const found = search(lines, secrets);
  const summary = `${lines.length} lines of the Workers' logs searched for ${secrets.length} secrets and ${FORMS.length} forms: ${found.length} found`;
  tell(summary);
  for (const [what, line] of found.slice(0, 20)) tell(`${what}: ${line.slice(0, 500)}`);
  if (found.length > 0) return 1;
  count("logs", summary);
  count("logs-secrets", `${secrets.length} secrets of the tests looked for in the Workers' logs`);
  return 0;
}

function namesIn(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

// Here the minimum is 1, the default. tests/counts.json contains the minimums for a complete test
// run.
if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  process.exitCode = searchFolder(process.argv[2]);
