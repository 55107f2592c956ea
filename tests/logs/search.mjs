// Searches all that the Workers of a test run have printed for what must be in no log: `node tests/logs/search.mjs <folder>`.
// keep.mjs filled the folder. What it looks for: the forms of our tokens and hashes, addresses of mail and of networks, and every
// password, key and token that the tests have used, in any part of a line.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { count } from "../count.mjs";

/** What is recognised by its form. Networks are those of the documentation (RFC 5737, RFC 3849), which the tests use. */
export const FORMS = [
  ["an access token", /eyJ[\w-]/],
  ["a ticket", /eg[rld]_/],
  ["a hash of a password", /argon2/],
  ["an email address", /[^\s"]@[^\s"]/],
  ["an address of a network", /(?<!\d)(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d|2001:db8:/i],
  ["a private key", /"(?:d|k)\\*":/],
];

// The end of a token, by which a part of it is found too.
const TAIL = 20;

/** What is found: `[what, line]` for each. `secrets` are `[what, text]`. */
export function search(lines, secrets) {
  const tails = new Map();
  const texts = new Map();
  for (const [what, text] of secrets) {
    // Each part of a token is random, and so is its end.
    if (/^[\w.-]{30,}$/.test(text)) for (const part of text.split(".").filter((part) => part.length >= TAIL)) tails.set(part.slice(-TAIL), what);
    else texts.set(JSON.stringify(text).slice(1, -1), what);
  }
  const found = [];
  for (const line of lines) {
    for (const [what, form] of FORMS) if (form.test(line)) found.push([what, line]);
    for (const [text, what] of texts) if (line.includes(text)) found.push([what, line]);
    for (const [run] of line.matchAll(/[\w-]{20,}/g)) {
      for (let at = 0; at + TAIL <= run.length; at++) {
        const what = tails.get(run.slice(at, at + TAIL));
        if (what) found.push([what, line]);
      }
    }
  }
  return found;
}

/** What keep.mjs has kept. */
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

/** Searches a folder and tells of it; answers the exit code. Searching nothing shows nothing, so that fails too. */
export function searchFolder(folder, tell = console.log) {
  const { lines, secrets } = readKept(folder);
  const requests = lines.filter((line) => line.includes('"event":"request"')).length;
  if (requests === 0 || secrets.length === 0) {
    tell(`there is nothing to search in ${folder}: ${lines.length} lines, ${requests} of them of requests, ${secrets.length} secrets`);
    return 1;
  }
  const found = search(lines, secrets);
  const summary = `${lines.length} lines of the Workers' logs searched for ${secrets.length} secrets and ${FORMS.length} forms: ${found.length} found`;
  tell(summary);
  for (const [what, line] of found.slice(0, 20)) tell(`${what}: ${line.slice(0, 500)}`);
  count("logs", summary);
  return found.length === 0 ? 0 : 1;
}

function namesIn(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = searchFolder(process.argv[2]);
