// Creates users and sessions without the Worker. Some tests need a thousand sessions, or sessions
// that began long ago. Real logins don't suit these tests: each login takes about 40 ms to hash the
// password, and a session that a login creates always begins now.
//
// src/domain/session/refresh_token.rs and docs/storage.md define the formats.
// src/adapters/cloudflare/durable_sessions/call.rs defines the calls to a user's Durable Object.
import { createHmac, randomBytes } from "node:crypto";
import { TEST_SECRETS, TEST_VARS } from "./harness.mjs";

const DAY = 86_400;

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Returns a UUIDv7 that contains the time `seconds`. */
export function newId(seconds = nowSeconds()) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(seconds * 1000, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Returns a refresh token with these contents. Its MAC is made with `secret`. Without `auth_time`,
 * the token has the older format, which did not record when the user last gave the password.
 *
 * @param {{ user: string, session: string, epoch?: number, counter?: number,
 *   expires_at: number, auth_time?: number }} contents
 * @param {string} [secret]
 */
export function refreshToken(
  { user, session, epoch = 0, counter = 0, expires_at, auth_time },
  secret = TEST_SECRETS.TICKET_SECRET,
) {
  const key = hmac(
    Buffer.from(secret, "base64url"),
    `edgegate ticket 1\0refresh\0${TEST_VARS.ISSUER}`,
  );
  const numbers = Buffer.alloc(16);
  numbers.writeUInt32BE(epoch, 0);
  numbers.writeUInt32BE(counter, 4);
  numbers.writeBigUInt64BE(BigInt(expires_at), 8);
  const proof = Buffer.alloc(auth_time === undefined ? 0 : 9);
  if (auth_time !== undefined) {
    proof.writeBigUInt64BE(BigInt(auth_time), 0);
    proof[8] = 1;
  }
  const format = auth_time === undefined ? 1 : 2;
  const signed = Buffer.concat([
    Buffer.from([format, hmac(key, "key number")[0]]),
    idBytes(user),
    idBytes(session),
    numbers,
    proof,
  ]);
  return `egr_${Buffer.concat([signed, hmac(key, signed)]).toString("base64url")}`;
}

/** Writes `count` users into the database and returns their ids. These users can't sign in. */
export async function makeUsers(db, count) {
  const users = Array.from({ length: count }, () => newId());
  const now = nowSeconds();
  const insert = db.prepare(
    "INSERT INTO users (id, email, email_canonical, password_hash, created_at, updated_at) VALUES (?1, ?2, ?2, 'none', ?3, ?3)",
  );
  for (const some of chunks(users, 100))
    await db.batch(some.map((id) => insert.bind(id, `${id}@example.com`, now)));
  return users;
}

/**
 * Stores a session that began `age` seconds ago, in KV or in the user's object. Returns the
 * session's id and its first refresh token.
 */
export async function makeSession({ kv, objects }, store, user, age) {
  const began = nowSeconds() - age;
  const session = newId(began);
  const expires_at = began + 90 * DAY;
  const lives_until = began + 30 * DAY;
  if (store === "kv") {
    const metadata = {
      epoch: 0,
      seen: began,
      user_agent: "forged",
      network: "unknown",
      country: null,
      city: null,
    };
    await kv.put(`session:${user}:${session}`, '{"used":null,"at":null,"by":null}', {
      expiration: lives_until,
      metadata,
    });
  } else {
    await askObject(objects, user, beginCall({ session, lives_until, now: began }));
  }
  return { user, session, token: refreshToken({ user, session, expires_at }) };
}

/** Calls a user's Durable Object once and returns its answer. */
export const askObject = async (objects, user, call) =>
  JSON.parse(await objects.getByName(user).ask(JSON.stringify(call)));

/** Returns the call that makes a user's object begin a session. */
export const beginCall = ({ session, epoch = 0, lives_until, most = null, now }) => ({
  begin: { session, epoch, lives_until, most, now, seen: "forged\tunknown\t\t" },
});

export function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const idBytes = (id) => Buffer.from(id.replaceAll("-", ""), "hex");
