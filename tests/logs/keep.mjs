// Stores what the Workers of a test run print, and the secrets that it may contain, for search.mjs.
// It does so only under `npm test`, which names a folder in EDGEGATE_LOGS. There each test process
// has two files with one entry a line.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.EDGEGATE_LOGS;
// A test that sends a hundred thousand requests uses few passwords, and its last tokens resemble
// its first ones.
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
 * Notes the secrets of a Worker's configuration.
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
  // Each pepper comes after its number.
  for (const pepper of (PEPPERS ?? "").split(/[,: ]+/)) note("a pepper", pepper);
  note("MAIL_API_KEY", MAIL_API_KEY);
  note("TURNSTILE_SECRET", TURNSTILE_SECRET);
  note("FIREBASE_SIGNER_KEY", FIREBASE_SIGNER_KEY);
}

/** Notes the secrets in the body of a request or an answer. */
export function noteBody(body) {
  if (!FOLDER || typeof body !== "object" || body === null) return;
  for (const name of TYPED) note("a password", body[name]);
  for (const name of TOKENS) note("a token", body[name]);
}

function note(what, secret) {
  // A shorter text is not treated as a secret, because it also occurs in ordinary words.
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
