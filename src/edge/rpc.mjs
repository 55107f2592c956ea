// What other Workers call over a service binding: the seven methods of the interface, also in camel case. npm/edgegate/rpc.d.ts has their
// types, src/edge/rpc.rs what they do.
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
// More than any token, address or password may have: what is cut here is refused there.
const LONGEST = 16384;
const MOST = 1000;
// The longest token beside a thousand roles of the longest kind.
const LARGEST = 131072;

/** No member but these is a method that a bound Worker can call. */
export class Auth extends WorkerEntrypoint {}
for (const method of METHODS) {
  const camelCase = method.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  Auth.prototype[method] = Auth.prototype[camelCase] = function (...values) {
    const answer = call(method, values, this.env, this.ctx);
    // Finished also if the caller hangs up, as in entry.mjs. A failure is the caller's to see.
    this.ctx.waitUntil(answer.catch(() => {}));
    return answer;
  };
}

async function call(method, values, env, ctx) {
  const isCheck = method.startsWith("is_");
  try {
    const [status, body, requestId, retryAfter] = await rpc(method, argumentsOf(values), env, ctx);
    if (isCheck) return status === 200;
    if (status < 300) return body ? JSON.parse(body) : undefined;
    const { type, title, detail, ...members } = JSON.parse(body);
    throw errorOf(detail, {
      ...members,
      requestId,
      ...(retryAfter && { retryAfter: Number(retryAfter) }),
    });
  } catch (error) {
    if (isCheck) return false;
    // Anything else comes from a trap. Its text is in the log already, and is not for the caller.
    throw error?.code ? error : errorOf("Something went wrong", { code: "internal", status: 500 });
  }
}

// Older callers, and the runtime's own go-between for static assets, keep an error's text and nothing else: so the code begins it.
const errorOf = (detail, members) =>
  Object.assign(new Error(`${members.code}: ${detail}`), { name: "EdgegateError", ...members });

// Whatever the caller hands in, as JSON of texts, lists of texts and plain objects of texts: null for nothing, false for all else.
// Members of a stub are not touched: each would be a call back.
function argumentsOf(values) {
  const json = JSON.stringify(values.slice(0, 3).map(plain));
  return json.length > LARGEST ? "" : json;
}

function plain(value) {
  if (value instanceof Set || Array.isArray(value))
    return (value.size ?? value.length) > MOST ? false : [...value].map(text);
  if (value && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, MOST)
        .map(([name, member]) => [name, text(member)]),
    );
  }
  return text(value);
}

function text(value) {
  if (value === undefined || value === null) return null;
  return typeof value === "string" && value.slice(0, LONGEST);
}
