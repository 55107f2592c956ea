// Stores what the Workers print during a test run, and the secrets that the tests use. After the
// run, search.mjs looks for these secrets in the printed lines. Nothing is stored unless the
// variable EDGEGATE_LOGS names a folder. `npm test` sets this variable. In the folder, each test
// process has two files, with one entry per line.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.EDGEGATE_LOGS;
// The maximum number of secrets that are stored for a test process. A test with a hundred thousand
// requests has more. But such a test uses few passwords, and its later tokens have the same form as
// its first ones, so the first secrets are enough.
const MOST_SECRETS = 5000;
const TYPED = ["password", "current_password", "new_password"];
const TOKENS = [
  ...["access_token", "refresh_token", "device_token", "token", "challenge"],
  "client_secret",
];

const secrets = new Set();
let kept = [];

/** Stores lines that a Worker has printed. */
export function keepLines(lines) {
  if (!FOLDER) return;
  for (const line of lines) if (line !== "") kept.push(JSON.stringify(line));
  if (kept.length >= 1000) write();
}

/**
 * Stores the secrets in a Worker's configuration.
 *
 * @param {Record<string, string | undefined>} settings
 */
export function noteSettings({
  SIGNING_KEYS,
  TICKET_SECRET,
  PEPPERS,
  MAIL_API_KEY,
  TURNSTILE_SECRET,
  FIREBASE_SIGNER_KEY,
  ID_TOKEN_KEYS,
}) {
  if (!FOLDER) return;
  for (const { d, k } of keysOf(SIGNING_KEYS)) note("a key", d ?? k);
  for (const { d } of keysOf(ID_TOKEN_KEYS)) note("a key", d);
  for (const secret of (TICKET_SECRET ?? "").split(/[, ]+/)) note("TICKET_SECRET", secret);
  // PEPPERS is a list of numbers and peppers. `note` ignores the numbers, because they are too
  // short.
  for (const pepper of (PEPPERS ?? "").split(/[,: ]+/)) note("a pepper", pepper);
  note("MAIL_API_KEY", MAIL_API_KEY);
  note("TURNSTILE_SECRET", TURNSTILE_SECRET);
  note("FIREBASE_SIGNER_KEY", FIREBASE_SIGNER_KEY);
}

/** Stores the secrets that are in the body of a request or of an answer. */
export function noteBody(body) {
  if (!FOLDER || typeof body !== "object" || body === null) return;
  for (const name of TYPED) note("a password", body[name]);
  for (const name of TOKENS) note("a token", body[name]);
}

function note(what, secret) {
  // Shorter texts are ignored, because they could occur in the logs by chance.
  if (typeof secret !== "string" || secret.length < 12 || secrets.size >= MOST_SECRETS) return;
  secrets.add(JSON.stringify([what, secret]));
}

function keysOf(text) {
  try {
    return JSON.parse(text).keys;
  } catch {
    return [];
  }
}

function write() {
  if (!FOLDER) return;
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `${process.pid}.log`), kept.map((line) => `${line}\n`).join(""));
  kept = [];
}

if (FOLDER) {
  process.on("exit", () => {
    write();
    appendFileSync(
      join(FOLDER, `${process.pid}.secrets`),
      [...secrets].map((entry) => `${entry}\n`).join(""),
    );
  });
}
