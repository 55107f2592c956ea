// Converts what another system exports into the lines of JSON that edgegate imports:
// node scripts/convert-accounts.mjs <system> <file> > accounts.jsonl
//
// It reads the whole file. A user without an address is left out and named on stderr.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {Record<string, any>} Fields */

/** Base64 as in a PHC string: without padding. @param {string} text */
const phc = (text) => text.replace(/=+$/, "");

/**
 * Reads a JSON list, or lines of JSON.
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
 * Keycloak stores the parameters of a hash beside it.
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
  // pbkdf2 alone is PBKDF2 with SHA-1. The import says why it refuses it.
  return `$${algorithm}$`;
}

/**
 * Firebase's parameters are those of the project. Its console shows them.
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

/** @param {string} [name] The given and the family name in one. */
const named = (name) => ({ first_name: name?.slice(0, 100) });

/** @type {Record<string, (text: string) => Fields[]>} */
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
  "better-auth": (text) =>
    rowsOf(text).map((user) => ({
      email: user.email,
      email_verified: Boolean(user.emailVerified),
      password_hash: user.password,
      ...named(user.name),
      external_id: user.id,
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
      ...named(user.displayName),
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
  supabase: (text) =>
    rowsOf(text).map((user) => ({
      id: user.id,
      email: user.email,
      email_verified: Boolean(user.email_confirmed_at),
      password_hash: user.encrypted_password,
      disabled: Boolean(user.banned_until),
    })),
};

/**
 * The lines of an import, and the numbers of the users without an address.
 *
 * @param {string} system
 * @param {string} text
 */
export function convert(system, text) {
  const rows = SYSTEMS[system](text);
  const without = rows.flatMap(({ email }, at) => (email ? [] : [at + 1]));
  // An absent member has its default. An empty one would be refused.
  const lines = rows
    .filter(({ email }) => email)
    .map((row) => Object.entries(row).filter(([, value]) => value !== undefined && value !== ""))
    .map((members) => `${JSON.stringify(Object.fromEntries(members))}\n`);
  return { lines, without };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [system, file] = process.argv.slice(2);
  if (!Object.hasOwn(SYSTEMS, system ?? "") || file === undefined) {
    const systems = Object.keys(SYSTEMS).join("|");
    console.error(`node scripts/convert-accounts.mjs ${systems} <file> > accounts.jsonl`);
    process.exit(2);
  }
  const { lines, without } = convert(system, readFileSync(file, "utf8"));
  for (const line of lines) process.stdout.write(line);
  if (without.length > 0)
    console.error(`Left out, because they have no address: users ${without.join(", ")}`);
}
