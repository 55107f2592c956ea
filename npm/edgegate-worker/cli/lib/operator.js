// Sends requests to a service as its operator. Whoever can write to the service's database can make
// an operator ticket, which is a secret with a scope and an expiry. The database gets the ticket's
// hash, and each request carries the ticket itself (docs/operations.md, "Operator tickets").
import { createHash, randomBytes } from "node:crypto";
import { Advice } from "./advice.js";
import { whenStopped } from "./run.js";

const SECONDS = 300;
/**
 * The age at which an operator ticket is replaced by a new ticket. At that age the old ticket has
 * not expired yet, so a long command always has a valid ticket.
 */
const REPLACE_MS = 200_000;
const ANSWER_MS = 30_000;
const INSERT = `INSERT INTO operator_tickets (hash, scope, created_at, expires_at)
  VALUES (?1, ?2, unixepoch(), unixepoch() + ${SECONDS})`;
const DELETE = "DELETE FROM operator_tickets WHERE hash = ?1";

/** Thrown if the service did not answer, or if its answer was lost. */
export class Lost extends Advice {}

/**
 * An answer of the service: its body as JSON and as text. `retryAfter` is in seconds.
 *
 * @typedef {{ status: number, body: any, text?: string, retryAfter?: number }} Answer
 */

/**
 * Sends a request with the operator ticket. A body of bytes (`Uint8Array`) is sent as JSON lines,
 * any other body as JSON.
 *
 * @typedef {(method: string, path: string, body?: unknown) => Promise<Answer>} Ask
 */

/**
 * Runs a statement in the service's database.
 *
 * @typedef {(sql: string, ...params: string[]) => Promise<unknown>} Query
 */

/**
 * Calls `use` with a function that sends requests to a deployed service as its operator. Makes an
 * operator ticket for these requests, and deletes the ticket afterwards, even at Ctrl-C.
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
export const asOperator = ({ cloudflare, database, origin, scope }, use) =>
  withTickets(
    {
      query: (sql, ...params) => cloudflare.post(`/d1/database/${database}/query`, { sql, params }),
      ...{ origin, scope, whenStopped },
    },
    use,
  );

/**
 * Like `asOperator`, but with any database. The ticket is made at the first request, and replaced
 * before it expires. A ticket that can't be deleted expires within five minutes, and nobody else
 * knows it.
 *
 * @template T
 * @param {{ query: Query, origin: string, scope: string, isKept?: boolean, now?: () => number,
 *   whenStopped?: typeof import("./run.js").whenStopped }} given `now` is in milliseconds.
 *   With `whenStopped`, the ticket is also deleted at Ctrl-C. With `isKept`, this function does not
 *   delete the ticket: the service's cron job deletes it after its expiry. This option is for the
 *   local database, where wrangler would take seconds to delete it
 * @param {(ask: Ask) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withTickets(
  {
    query,
    origin,
    scope,
    isKept = false,
    now = () => performance.now(),
    whenStopped: atStop = () => () => {},
  },
  use,
) {
  /** @type {{ ticket: string, hash: string, replaceAt: number } | undefined} */
  let current;
  // A failure to delete the ticket is ignored, because the command has done its work.
  const forget = async (/** @type {string | undefined} */ hash) => {
    if (hash !== undefined && !isKept) await query(DELETE, hash).catch(() => {});
  };
  const replace = async () => {
    const ticket = `ego_${randomBytes(32).toString("base64url")}`;
    const hash = createHash("sha256").update(ticket).digest("hex");
    const old = current;
    const replaceAt = now() + REPLACE_MS;
    await query(INSERT, hash, scope);
    current = { ticket, hash, replaceAt };
    await forget(old?.hash);
    return current;
  };
  const end = () => forget(current?.hash);
  const isOver = atStop(end);
  try {
    return await use(async (method, path, body) => {
      const { ticket } =
        current === undefined || now() >= current.replaceAt ? await replace() : current;
      return askWith(ticket, { origin, method, path, body });
    });
  } finally {
    await end();
    isOver();
  }
}

/**
 * @param {string} ticket
 * @param {{ origin: string, method: string, path: string, body?: unknown }} request
 * @returns {Promise<Answer>}
 */
async function askWith(ticket, { origin, method, path, body }) {
  const isLines = body instanceof Uint8Array;
  const type = isLines ? "application/jsonl" : "application/json";
  const send = fetch(`${origin}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${ticket}`,
      ...(body === undefined ? {} : { "Content-Type": type }),
    },
    body: body === undefined ? undefined : isLines ? Buffer.from(body) : JSON.stringify(body),
    // A redirect would carry the ticket to another host.
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const { response, text } = await send
    .then(async (answered) => ({ response: answered, text: await answered.text() }))
    .catch(({ message, cause }) => {
      const reason = cause instanceof Error ? cause.message : message;
      throw new Lost(`${origin} did not answer ${method} ${path.replace(/\?.*/, "")}: ${reason}`);
    });
  const retryAfter = Number(response.headers.get("retry-after")) || undefined;
  return { status: response.status, body: parsed(text), text, retryAfter };
}

/** @param {string} text */
function parsed(text) {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

/**
 * Throws unless the answer has one of these statuses.
 *
 * @param {Answer} answer
 * @param {number[]} statuses
 * @param {string} what the request was for
 */
export function requireStatus({ status, body }, statuses, what) {
  if (statuses.includes(status)) return;
  const reason = [body?.code, body?.detail ?? body?.title].filter(Boolean).join(": ");
  throw new Advice(`${what}: the service answered ${status} ${reason}`);
}
