// Gives or takes a role, for the first admin, who can't be made over HTTP.

import { canonical } from "../../npm/edgegate-worker/cli/lib/address.js";
import { Advice } from "../project/advice.mjs";
import { readConfig } from "../project/config.mjs";
import { policy } from "../project/policy.mjs";
import { run } from "../project/run.mjs";
import { quietly, sql } from "./database.mjs";

const MOST_ROLES = policy("ROLES_MAX");
const ADMIN_ROLE = policy("ADMIN_ROLE");

/**
 * `grant <email> <role>` and `revoke <email> <role>`. With `last` the role is taken even from the
 * last enabled administrator. After that, nobody can manage accounts over HTTP until this command
 * makes somebody an administrator again.
 *
 * @param {string} verb
 * @param {string[]} words the address and the role
 * @param {string[]} place
 * @param {string} [environment]
 * @param {{ last?: boolean }} [options]
 */
export async function changeRole(verb, [address, role], place, environment, { last = false } = {}) {
  const email = canonical(address);
  if (!/^[A-Za-z0-9_.:/-]{1,64}$/.test(role)) {
    throw new Advice(
      `"${role}" is not a role. A role has 1 to 64 of the characters A-Z, a-z, 0-9 and _ . : / -`,
    );
  }
  const { vars } = await readConfig(environment);

  const [changed] = await sql(
    verb === "grant" ? grant(email, role) : revoke(email, role, last),
    place,
  );
  const user = changed ?? (await unchanged(verb, email, role, place));
  // From here on, access tokens from before the change are refused. Do this even when nothing
  // changed, because an earlier run may have been interrupted just before this.
  if (vars.SESSION_STORE === "durable") console.log(notOutdated(user));
  else await markStale(user, place);
  const roles = JSON.parse(user.roles).join(", ") || "none";
  console.log(`${email} ${changed ? "now has" : "already had"} these roles: ${roles}`);
}

// The command line of `wrangler d1 execute` can't bind parameters. The pattern of a role lets no
// character through that ends a string; an address may have an apostrophe. One UPDATE changes the
// roles and raises the version, so that no reader sees one without the other.
/** @param {string} text */
const textInSql = (text) => `'${text.replaceAll("'", "''")}'`;

/**
 * @param {string} email
 * @param {string} role
 */
function grant(email, role) {
  return `
  UPDATE users SET roles = (SELECT json_group_array(value) FROM
      (SELECT value FROM json_each(users.roles) UNION SELECT '${role}' ORDER BY 1)),
    version = version + 1, updated_at = unixepoch()
  WHERE email_canonical = ${textInSql(email)} AND json_array_length(roles) < ${MOST_ROLES}
    AND NOT EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = '${role}')
  RETURNING id, version, roles`;
}

/**
 * @param {string} email
 * @param {string} role
 * @param {boolean} last
 */
function revoke(email, role, last) {
  // In the same statement, as in src/adapters/cloudflare/d1_users.rs, so that two revocations at
  // once can't both succeed.
  const unlessLast =
    role === ADMIN_ROLE && !last
      ? `AND (disabled_at IS NOT NULL OR EXISTS (SELECT 1 FROM users AS other WHERE other.id <> users.id
      AND other.disabled_at IS NULL AND other.password_hash <> '!' AND instr(other.roles, '"${ADMIN_ROLE}"') > 0))`
      : "";
  return `
  UPDATE users SET roles = (SELECT json_group_array(value) FROM
      (SELECT value FROM json_each(users.roles) WHERE value <> '${role}' ORDER BY 1)),
    version = version + 1, updated_at = unixepoch()
  WHERE email_canonical = ${textInSql(email)}
    AND EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = '${role}')
    ${unlessLast}
  RETURNING id, version, roles`;
}

/**
 * Why nothing was changed. Throws advice, or returns the user if the role was given or taken
 * already.
 *
 * @param {string} verb
 * @param {string} email
 * @param {string} role
 * @param {string[]} place
 */
async function unchanged(verb, email, role, place) {
  const [user] = await sql(
    `SELECT id, version, roles FROM users WHERE email_canonical = ${textInSql(email)}`,
    place,
  );
  if (!user)
    throw new Advice(
      `no account has the address ${email}${place[0] === "--local" ? " in the local database. Add --remote for the deployed one" : ""}.`,
    );
  if (verb === "grant" && !JSON.parse(user.roles).includes(role)) {
    throw new Advice(
      `${email} already has ${MOST_ROLES} roles, the most that a token can hold. Revoke one first.`,
    );
  }
  if (verb === "revoke" && JSON.parse(user.roles).includes(role)) {
    throw new Advice(
      `${email} is the last enabled administrator with a password. Make somebody else an administrator first, or add --last if you want none: nobody can then manage accounts over HTTP.`,
    );
  }
  return user;
}

/**
 * A user's Durable Object can't be reached from here, and renewals and checks ask nothing else until
 * the cron has told it. The text says so, and says what is faster.
 *
 * @param {{ id: string }} user
 */
export function notOutdated({ id }) {
  return (
    `With SESSION_STORE = "durable", renewals and GET /auth/authorized use the roles from before until the cron of each minute has run, within two minutes as a rule. The routes that manage accounts use the new roles immediately.\n` +
    `To end that now, call POST /auth/users/${id}/revoke as an administrator. It signs the user out everywhere.`
  );
}

/**
 * Writes the user's version, and reads it again after the write. A concurrent change may have
 * written a larger version first, which this write then replaced.
 *
 * @param {{ id: string, version: number }} user
 * @param {string[]} place
 * @param {{ put?: typeof putStale, read?: typeof readVersion }} [store]
 */
export async function markStale(
  { id, version },
  place,
  { put = putStale, read = readVersion } = {},
) {
  if (!/^[0-9a-f-]{36}$/.test(id) || !Number.isSafeInteger(version))
    throw new Advice(`the user's row in the database is invalid: id ${id}, version ${version}.`);
  await put(id, version, place);
  const latest = await read(id, place);
  if (latest > version) await markStale({ id, version: latest }, place, { put, read });
}

/**
 * @param {string} id
 * @param {number} version
 * @param {string[]} place
 */
async function putStale(id, version, place) {
  const { code, stderr, stdout } = await run(
    ...quietly(
      "kv",
      "key",
      "put",
      "--binding",
      "SESSIONS",
      `stale:${id}`,
      `${version}`,
      "--ttl",
      `${policy("STALE_TTL")}`,
      ...place,
    ),
  );
  if (code !== 0) {
    throw new Advice(
      `Run the same command again. The role was changed, but access tokens with the roles from before stay valid until they expire. wrangler reported: ${(stderr + stdout).trim()}`,
    );
  }
}

// If the user was deleted meanwhile, no token is valid.
/**
 * @param {string} id
 * @param {string[]} place
 */
async function readVersion(id, place) {
  const [user] = await sql(`SELECT version FROM users WHERE id = '${id}'`, place);
  return user ? user.version : Number.MAX_SAFE_INTEGER;
}
