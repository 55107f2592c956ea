// The three checks, side by side: here in WebAssembly, and on the server.
/**
 * @import { Verifier } from "/edgegate/web.js"
 * @import { Json } from "./console-claims.js"
 * @import { Expected } from "./console-verifier.js"
 */
import { timeLeft } from "./console-life.js";
import { verifierFor } from "./console-verifier.js";
import { byId, first, make } from "./dom.js";
import { inWords, isRefusal } from "./words.js";

// One run is shorter than the clock of a browser can measure.
const RUNS = 20;
// A header can carry these characters. No server accepts a longer header.
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;

/** @param {string} text */
const rolesIn = (text) => text.split(/[\s,]+/).filter(Boolean);

/**
 * @typedef {object} Check
 * @property {HTMLInputElement} input
 * @property {(verifier: Verifier, token: string, text: string) => Promise<boolean>} here
 * @property {(text: string) => [name: string, value: string][]} query For the server.
 * @property {(claims: Json) => string} of The value for which the check succeeds.
 *
 * @typedef {object} Result
 * @property {boolean | null} verdict Null if there is none.
 * @property {string} says
 * @property {string} [more]
 * @property {number} [ms]
 */

/** @type {Record<string, Check>} */
const CHECKS = {
  role: {
    input: byId("check-role", HTMLInputElement),
    here: (verifier, token, text) => verifier.isAuthorizedByRole(token, rolesIn(text)),
    query: (text) => rolesIn(text).map((role) => ["role", role]),
    of: ({ roles }) =>
      Array.isArray(roles) ? roles.filter((role) => typeof role === "string").join(" ") : "",
  },
  user_id: {
    input: byId("check-user-id", HTMLInputElement),
    here: (verifier, token, text) => verifier.isAuthorizedByUserId(token, text),
    query: (text) => [["user_id", text]],
    of: ({ sub }) => (typeof sub === "string" ? sub : ""),
  },
  email: {
    input: byId("check-email", HTMLInputElement),
    here: (verifier, token, text) => verifier.isAuthorizedByEmail(token, text),
    query: (text) => [["email", text]],
    of: ({ email }) => (typeof email === "string" ? email : ""),
  },
};

/**
 * Fills the fields with the values in the token, and removes earlier results.
 *
 * @param {Json | null} claims
 */
export function suggestChecks(claims) {
  for (const { input, of } of Object.values(CHECKS)) input.value = claims ? of(claims) : "";
  for (const name of Object.keys(CHECKS)) clear(name);
}

/**
 * Runs all three checks. Returns a sentence about the result. If this page and the server differ,
 * says why below the checks.
 *
 * @param {string} token
 * @param {Expected} expected
 * @param {{onServer: boolean}} options
 */
export async function runChecks(token, expected, { onServer }) {
  byId("why-differ").textContent = "";
  const outcomes = [];
  for (const name of Object.keys(CHECKS))
    outcomes.push(await runCheck(name, token, expected, onServer));
  const run = outcomes.flatMap((outcome) => outcome ?? []);
  if (run.length === 0) return "Nothing to check: type a role, a user id or an address.";
  if (!onServer) return "Checked here. Nothing was sent.";
  const differing = run.filter(({ agree }) => agree === false);
  byId("why-differ").textContent = [...new Set(differing.map(({ why }) => why))].join("\n");
  if (run.some(({ agree }) => agree === null)) return "Not every check could be run.";
  return differing.length === 0
    ? "This page and the server agree."
    : `This page and the server differ in ${differing.length} of ${run.length} checks.`;
}

/**
 * Null if there is nothing to check.
 *
 * @param {string} name
 * @param {string} token
 * @param {Expected} expected
 * @param {boolean} onServer
 * @returns {Promise<{agree: boolean | null, why?: string} | null>}
 */
async function runCheck(name, token, expected, onServer) {
  clear(name);
  const { input, here, query } = CHECKS[name];
  const text = input.value.trim();
  if (query(text).length === 0 || text === "") {
    showAgreement(name, "", "Nothing to check.");
    return null;
  }
  const local = await runHere(here, token, text, expected);
  put(name, ".local", local);
  if (!onServer) return { agree: null };
  const server = await askServer(query(text), token);
  put(name, ".server", server);
  if (local.verdict === null || server.verdict === null) return { agree: null };
  const agree = local.verdict === server.verdict;
  showAgreement(name, agree ? "good" : "bad", agree ? "They agree." : "They differ.");
  return { agree, why: whyTheyDiffer(local) };
}

/**
 * @param {Check["here"]} here
 * @param {string} token
 * @param {string} text
 * @param {Expected} expected
 * @returns {Promise<Result>}
 */
async function runHere(here, token, text, expected) {
  let verifier;
  try {
    verifier = await verifierFor(expected);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { verdict: null, says: "Could not run", more: inWords(error) };
  }
  // The first run may have to wait for the keys or for the compiler.
  const verdict = await here(verifier, token, text);
  const begun = performance.now();
  for (let i = 0; i < RUNS; i++) await here(verifier, token, text);
  return { verdict, says: verdict ? "Yes" : "No", ms: (performance.now() - begun) / RUNS };
}

/**
 * @param {[name: string, value: string][]} query
 * @param {string} token
 * @returns {Promise<Result>}
 */
async function askServer(query, token) {
  if (!SENDABLE.test(token))
    return { verdict: null, says: "Not sent", more: "This text can’t be sent as a token." };
  const begun = performance.now();
  try {
    const response = await fetch(`/auth/authorized?${new URLSearchParams(query)}`, {
      headers: { Authorization: `Bearer ${token}` },
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    const body = await response.json();
    const ms = performance.now() - begun;
    if (typeof body.authorized === "boolean")
      return { verdict: body.authorized, says: body.authorized ? "Yes" : "No", ms };
    if (body.code === "invalid_token")
      return { verdict: false, says: "No", more: "It rejects the token itself.", ms };
    if (body.code === "invalid_request")
      return { verdict: null, says: "Not asked", more: "It does not accept this value.", ms };
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return {
      verdict: null,
      says: "No answer",
      more: inWords({ code: body.code, status: response.status, retryAfter }),
    };
  } catch {
    return { verdict: null, says: "No answer", more: inWords({ code: "network_error" }) };
  }
}

/** @param {Result} local */
function whyTheyDiffer({ verdict }) {
  if (!verdict) {
    return "The check fails here and succeeds on the server. Is the clock of this device right? Are the issuer and the audience those of the service?";
  }
  const until = timeLeft();
  return (
    "The token itself is valid, but the server knows that its session has ended, or that the roles, the address or the account " +
    `have changed. A check without the server says yes until the token expires${until ? `, for ${until} more` : ""}.`
  );
}

/** @param {string} name */
function clear(name) {
  for (const place of [".local", ".server"]) put(name, place, { says: "–", verdict: null });
  showAgreement(name, "", "");
}

/**
 * @param {string} name
 * @param {string} place
 * @param {Result} result
 */
function put(name, place, { verdict, says, ms, more }) {
  const cell = first(row(name), place);
  cell.dataset.state = verdict === null ? "unknown" : verdict ? "good" : "bad";
  cell.replaceChildren(make("strong", { textContent: says }));
  if (ms !== undefined)
    cell.append(
      " ",
      make("span", {
        className: "ms",
        textContent: `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`,
      }),
    );
  if (more) cell.append(" ", make("span", { className: "soft", textContent: more }));
}

/**
 * @param {string} name
 * @param {"" | "good" | "bad"} state
 * @param {string} text
 */
function showAgreement(name, state, text) {
  const line = first(row(name), ".agreement");
  line.dataset.state = state;
  line.textContent = text;
}

/** @param {string} name */
const row = (name) => first(document, `[data-check="${name}"]`);
