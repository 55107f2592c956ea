// What the command asks of a deployed service as its operator. Whoever can write to the database can
// make an operator ticket: its hash is stored there, with a scope and an expiry, and the ticket itself
// is sent to the service (docs/operations.md, "Operator tickets").
import { createHash, randomBytes } from "node:crypto";
import { Advice } from "./advice.js";

const SECONDS = 300;
const ANSWER_MS = 30_000;
const INSERT = `INSERT INTO operator_tickets (hash, scope, created_at, expires_at)
  VALUES (?1, ?2, unixepoch(), unixepoch() + ${SECONDS})`;
const DELETE = "DELETE FROM operator_tickets WHERE hash = ?1";

/**
 * An answer of the service.
 *
 * @typedef {{ status: number, body: any }} Answer
 */

/**
 * Sends a request with the ticket.
 *
 * @typedef {(method: string, path: string, body?: unknown) => Promise<Answer>} Ask
 */

/**
 * Calls `use` with a function that asks the service as its operator, and deletes the ticket
 * afterwards.
 *
 * @template T
 * @param {object} given
 * @param {import("./cloudflare.js").Cloudflare} given.cloudflare
 * @param {string} given.database the id of the service's database
 * @param {string} given.origin
 * @param {string} given.scope what the ticket allows
 * @param {(ask: Ask) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function asOperator({ cloudflare, database, origin, scope }, use) {
  const ticket = `ego_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(ticket).digest("hex");
  const query = (/** @type {string} */ sql, /** @type {string[]} */ ...params) =>
    cloudflare.post(`/d1/database/${database}/query`, { sql, params });
  await query(INSERT, hash, scope);
  try {
    return await use((method, path, body) => askWith(ticket, { origin, method, path, body }));
  } finally {
    await query(DELETE, hash);
  }
}

/**
 * @param {string} ticket
 * @param {{ origin: string, method: string, path: string, body?: unknown }} request
 * @returns {Promise<Answer>}
 */
async function askWith(ticket, { origin, method, path, body }) {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${ticket}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    // A redirect would carry the ticket to another host.
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  try {
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  } catch {
    return { status: response.status, body: { detail: text.slice(0, 200) } };
  }
}

/**
 * Throws unless the answer has one of these statuses.
 *
 * @param {Answer} answer
 * @param {number[]} statuses
 * @param {string} what was asked for
 */
export function requireStatus({ status, body }, statuses, what) {
  if (statuses.includes(status)) return;
  const reason = [body?.code, body?.detail ?? body?.title].filter(Boolean).join(": ");
  throw new Advice(`${what}: the service answered ${status} ${reason}`);
}
