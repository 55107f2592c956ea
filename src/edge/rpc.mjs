// The seven methods that other Workers can call over a service binding. Each method also has a name
// in camel case. Their types are in npm/edgegate/types/rpc.d.ts, and src/edge/rpc.rs implements
// them.
import { WorkerEntrypoint } from "cloudflare:workers";
import { rpc } from "edgegate-wasm";

const METHODS = [
  "generate_token",
  "revoke_tokens",
  "renew_token",
  "reset_password",
  "is_authorized_by_role",
  "is_authorized_by_user_id",
  "is_authorized_by_email",
];
// Longer texts are cut to this length. Every valid token, address or password is shorter, so the
// wasm rejects a text that was cut.
const TEXT_MAX_CHARS = 16384;
const LIST_MAX_ENTRIES = 1000;
// The JSON of the longest token and of a thousand of the longest roles is shorter than this.
const JSON_MAX_CHARS = 131072;

/**
 * Other Workers can call every member of this class, so the class must have no members except the
 * methods of the interface.
 */
export class Auth extends WorkerEntrypoint {}
for (const method of METHODS) {
  const camelCase = method.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  /**
   * @this {Auth}
   * @param {unknown[]} values
   */
  const run = function (...values) {
    const answer = call(method, values, this.env, this.ctx);
    // As in entry.mjs, `waitUntil` makes sure that the call is completed even if the calling Worker
    // disconnects. Errors are ignored in this line, because the calling Worker gets them through
    // `answer`.
    this.ctx.waitUntil(answer.catch(() => {}));
    return answer;
  };
  Object.assign(Auth.prototype, { [method]: run, [camelCase]: run });
}

/**
 * @param {string} method
 * @param {unknown[]} values
 * @param {object} env
 * @param {ExecutionContext} ctx
 */
async function call(method, values, env, ctx) {
  const isCheck = method.startsWith("is_");
  try {
    const [status, body, requestId, retryAfter] = await rpc(method, encode(values), env, ctx);
    if (isCheck) return status === 200;
    if (status < 300) return body ? JSON.parse(body) : undefined;
    const { type, title, detail, ...members } = JSON.parse(body);
    throw makeError(detail, {
      ...members,
      requestId,
      ...(retryAfter && { retryAfter: Number(retryAfter) }),
    });
  } catch (error) {
    if (isCheck) return false;
    if (error instanceof Error && "code" in error && error.code) throw error;
    // Any other error comes from a trap (a fatal error) of the wasm. The cause is already in the
    // log. The calling Worker must not see the cause.
    throw makeError("Something went wrong", { code: "internal", status: 500 });
  }
}

/**
 * Makes the error that the calling Worker gets. Its message begins with the error code, because
 * Workers with an older compatibility date, and the runtime's own proxy for static assets, pass on
 * only the message of an error.
 *
 * @param {string} detail
 * @param {{code: string, [member: string]: unknown}} members
 */
const makeError = (detail, members) =>
  Object.assign(new Error(`${members.code}: ${detail}`), { name: "EdgegateError", ...members });

/**
 * Writes the arguments of a call as JSON. An argument is a string, a list or `Set` of strings, or a
 * plain object whose values are strings. A missing value becomes null. A value of any other type,
 * or a list that is too long, becomes false. If the JSON is too long, returns "", which the wasm
 * rejects.
 *
 * @param {unknown[]} values
 */
function encode(values) {
  const json = JSON.stringify(values.slice(0, 3).map(encodable));
  return json.length > JSON_MAX_CHARS ? "" : json;
}

/**
 * Turns an argument into a value that can be written as JSON. An argument can also be an RPC stub,
 * which stands for an object in the calling Worker. The members of a stub are not read, because
 * reading a member would call that Worker.
 *
 * @param {unknown} value
 */
function encodable(value) {
  if (value instanceof Set) return value.size > LIST_MAX_ENTRIES ? false : [...value].map(text);
  if (Array.isArray(value)) return value.length > LIST_MAX_ENTRIES ? false : [...value].map(text);
  if (value && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, LIST_MAX_ENTRIES)
        .map(([name, member]) => [name, text(member)]),
    );
  }
  return text(value);
}

/** @param {unknown} value */
function text(value) {
  if (value === undefined || value === null) return null;
  return typeof value === "string" && value.slice(0, TEXT_MAX_CHARS);
}
