// Converts an export of user accounts from another system into the JSON lines that edgegate
// imports:
//   node scripts/convert-accounts.mjs <system> <file> > accounts.jsonl
//
// It reads the whole file into memory. Users without an email address are left out of the output
// and reported on stderr.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Advice, helpIfAsked, main } from "./project/advice.mjs";

/** @typedef {Record<string, any>} Fields */

/** Turns base64 into the base64 of a PHC string, which has no padding. @param {string} text */
const phc = (text) => text.replace(/=+$/, "");

/**
 * Reads a JSON list, or JSON lines.
 *
 * @param {string} text
 * @returns {Fields[]}
 */
function rowsOf(text) {
  if (text.trimStart().startsWith("[")) return JSON.parse(text);
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));
}

/**
 * The password hash of a Keycloak user in PHC form. Keycloak stores the parameters of a hash beside
 * the hash.
 *
 * @param {Fields[]} [credentials]
 */
function keycloakHash(credentials) {
  const password = credentials?.find(({ type }) => type === "password");
  if (!password) return undefined;
  const { value, salt } = JSON.parse(password.secretData);
  const {
    algorithm,
    hashIterations,
    additionalParameters = {},
  } = JSON.parse(password.credentialData);
  if (/^pbkdf2-sha(256|512)$/.test(algorithm))
    return `$${algorithm}$i=${hashIterations}$${phc(salt)}$${phc(value)}`;
  if (algorithm === "argon2") {
    const one = (/** @type {string} */ name) => additionalParameters[name]?.[0];
    const version = one("version") === "1.0" ? 16 : 19;
    const cost = `m=${one("memory")},t=${hashIterations},p=${one("parallelism")}`;
    return `$argon2${one("type")}$v=${version}$${cost}$${phc(salt)}$${phc(value)}`;
  }
  // If Keycloak names the algorithm just `pbkdf2`, it is PBKDF2 with SHA-1. The import rejects such
  // a hash and says why.
  return `$${algorithm}$`;
}

/**
 * The password hash of a Firebase user. All hashes of a Firebase project have the same parameters,
 * which the Firebase console shows.
 *
 * @param {Fields} user
 */
function firebaseHash({ passwordHash, salt }) {
  const {
    FIREBASE_MEM_COST = "14",
    FIREBASE_ROUNDS = "8",
    FIREBASE_SALT_SEPARATOR = "Bw==",
  } = process.env;
  if (!passwordHash || !salt) return undefined;
  const cost = `ln=${FIREBASE_MEM_COST},r=${FIREBASE_ROUNDS},p=1`;
  return `$firescrypt$${cost}$${salt}$${passwordHash}$${FIREBASE_SALT_SEPARATOR}`;
}

/**
 * The longest name that the import accepts (NAME_MAX_CHARS in src/domain/policy.rs). Other systems
 * allow longer names.
 */
const NAME_CHARACTERS = 100;

/**
 * Cuts off the end of a name that is too long.
 *
 * @param {string | null} [name]
 */
const cut = (name) => name && [...name].slice(0, NAME_CHARACTERS).join("");

/**
 * @param {Fields} row
 * @returns {Fields}
 */
const withCutNames = (row) => ({
  ...row,
  first_name: cut(row.first_name),
  last_name: cut(row.last_name),
});

/**
 * Whether a time such as `2026-11-30T12:00:00+00:00` is in the future. A time that can't be parsed,
 * such as `infinity` from Postgres, is treated as a time in the future.
 *
 * @param {string | null | undefined} time
 * @param {number} now
 */
const isAhead = (time, now) => Boolean(time) && !(Date.parse(String(time)) <= now);

/**
 * For each system, a function that reads the text of an export and returns the accounts in it. If a
 * system stores only one name for each person, this name becomes the first name.
 *
 * @type {Record<string, (text: string, now: number) => Fields[]>}
 */
export const SYSTEMS = {
  auth0: (text) =>
    rowsOf(text).map((user) => ({
      email: user.email,
      email_verified: user.email_verified ?? user.emailVerified,
      password_hash: user.passwordHash ?? user.password_hash,
      first_name: user.given_name,
      last_name: user.family_name,
      external_id: user._id?.$oid ? `auth0|${user._id.$oid}` : user.user_id,
      disabled: user.blocked,
    })),
  "better-auth": (text, now) =>
    rowsOf(text).map((user) => ({
      email: user.email,
      email_verified: Boolean(user.emailVerified),
      password_hash: user.password,
      first_name: user.name,
      external_id: user.id,
      disabled: Boolean(user.banned) && (!user.banExpires || isAhead(user.banExpires, now)),
    })),
  django: (text) =>
    rowsOf(text)
      .filter(({ model }) => model === undefined || model.endsWith(".user"))
      .map(({ pk, fields, ...row }) => ({ id: pk, ...row, ...fields }))
      .map((user) => ({
        email: user.email,
        password_hash: user.password,
        first_name: user.first_name,
        last_name: user.last_name,
        external_id: `${user.id}`,
        disabled: user.is_active === false,
      })),
  firebase: (text) =>
    JSON.parse(text).users.map((/** @type {Fields} */ user) => ({
      email: user.email,
      email_verified: user.emailVerified,
      password_hash: firebaseHash(user),
      first_name: user.displayName,
      external_id: user.localId,
      disabled: user.disabled,
    })),
  keycloak: (text) => {
    const read = JSON.parse(text);
    return (Array.isArray(read) ? read : read.users).map((/** @type {Fields} */ user) => ({
      id: user.id,
      email: user.email,
      email_verified: user.emailVerified,
      password_hash: keycloakHash(user.credentials),
      first_name: user.firstName,
      last_name: user.lastName,
      disabled: user.enabled === false,
    }));
  },
  supabase: (text, now) =>
    rowsOf(text).map((user) => ({
      id: user.id,
      email: user.email,
      email_verified: Boolean(user.email_confirmed_at),
      password_hash: user.encrypted_password,
      disabled: isAhead(user.banned_until, now) || Boolean(user.deleted_at),
    })),
};

/**
 * Converts the text of an export. Returns the lines for the import, and the row numbers of the
 * users without an email address, which are left out.
 *
 * @param {string} system
 * @param {string} text
 * @param {number} [now]
 */
export function convert(system, text, now = Date.now()) {
  const rows = SYSTEMS[system](text.replace(/^\ufeff/, ""), now).map(withCutNames);
  const without = rows.flatMap(({ email }, at) => (email ? [] : [at + 1]));
  // Members that are undefined or empty are left out. The import can reject an empty text, but it
  // treats a missing member, and `null`, as not set.
  const lines = rows
    .filter(({ email }) => email)
    .map((row) => Object.entries(row).filter(([, value]) => value !== undefined && value !== ""))
    .map((members) => `${JSON.stringify(Object.fromEntries(members))}\n`);
  return { lines, without };
}

const systems = Object.keys(SYSTEMS);
const USAGE = `Use it as \`node scripts/convert-accounts.mjs ${systems.join("|")} <file> > accounts.jsonl\``;

/** @param {string[]} args */
function run(args) {
  helpIfAsked(`${USAGE}.`, args);
  const [system, file, ...more] = args;
  if (system !== undefined && !systems.includes(system))
    throw new Advice(`"${system}" is not one of ${systems.join(", ")}.`);
  if (file === undefined || more.length > 0) throw new Advice(`${USAGE}.`);
  const { lines, without } = converted(system, file);
  for (const line of lines) process.stdout.write(line);
  if (without.length > 0)
    console.error(`Left out, because they have no address: users ${without.join(", ")}`);
}

/**
 * @param {string} system
 * @param {string} file
 */
function converted(system, file) {
  const again = `export it again as in docs/accounts-in-and-out.md, for ${system}`;
  try {
    const { lines, without } = convert(system, readFileSync(file, "utf8"));
    if (lines.length > 0) return { lines, without };
  } catch (error) {
    const { code, name } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT") throw new Advice(`there is no file ${file}.`);
    if (code === "EISDIR") throw new Advice(`${file} is a folder: name the file of the export.`);
    if (name === "SyntaxError") throw new Advice(`${file} is not JSON: ${again}.`);
    // A TypeError means that the file is not an export of this system, because members that every
    // export of this system has are missing.
    if (name !== "TypeError") throw error;
  }
  throw new Advice(`${file} has no users with an address: ${again}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(async () => run(process.argv.slice(2)));
