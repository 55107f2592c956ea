// Runs three checks of a token: of its roles, its user id and its email address. Each check runs in
// this page, with WebAssembly, and on the server. The page shows both results side by side.
/**
 * @import { Verifier } from "/edgegate/web.js"
 * @import { Json } from "./console-claims.js"
 * @import { Expected } from "./console-verifier.js"
 */
import { timeLeft } from "./console-life.js";
import { verifierFor } from "./console-verifier.js";
import { byId, first, make } from "./dom.js";
import { inWords, isRefusal } from "./failures.js";
import { fill, words } from "./words.js";

// Each check is run this many times to measure how long it takes. One run is too short for the
// clock of a browser.
const RUNS = 20;
// A token can only be sent in a header if it consists of these characters. The limit of 8192 is far
// above the length of real tokens, and many servers don't accept longer headers.
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;

/** @param {string} text */
const rolesIn = (text) => text.split(/[\s,]+/).filter(Boolean);

/**
 * @typedef {object} Check
 * @property {HTMLInputElement} input
 * @property {(verifier: Verifier, token: string, text: string) => Promise<boolean>} here
 * @property {(text: string) => [name: string, value: string][]} query The parameters for the
 *   server.
 * @property {(claims: Json) => string} of The text to enter so that the check succeeds for a token
 *   with these claims.
 *
 * @typedef {object} Result
 * @property {boolean | null} verdict Null if the check could not run.
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
  forgetResults();
}

// This number increases each time the token or a field changes. A check remembers the number with
// which it began. If the number has changed when the check ends, its result is not shown.
let turn = 0;

/**
 * Removes all results. It is called after a change, because the results are then no longer about
 * the current token and fields.
 */
export function forgetResults() {
  turn += 1;
  for (const name of Object.keys(CHECKS)) clear(name);
  sayResult("");
}

for (const [name, { input }] of Object.entries(CHECKS)) {
  input.addEventListener("input", () => {
    turn += 1;
    clear(name);
    sayResult("");
  });
}

/** @param {string} text */
function sayResult(text, why = "") {
  byId("checked").textContent = text;
  byId("why-differ").textContent = why;
}

/**
 * Runs all three checks and shows their results. If the page and the server have different results,
 * explains the difference below the checks.
 *
 * @param {string} token
 * @param {Expected} expected
 * @param {{onServer: boolean}} options
 */
export async function runChecks(token, expected, { onServer }) {
  const mine = ++turn;
  sayResult("");
  const outcomes = [];
  for (const name of Object.keys(CHECKS)) {
    outcomes.push(await runCheck(name, { token, expected, onServer, mine }));
    if (mine !== turn) return;
  }
  const run = outcomes.flatMap((outcome) => outcome ?? []);
  const say = words.console;
  if (run.length === 0) return sayResult(say.nothing);
  if (!onServer) return sayResult(say.checked_here);
  const differing = run.filter(({ agree }) => agree === false);
  const why = [...new Set(differing.map(({ why }) => why))].join("\n");
  if (run.some(({ agree }) => agree === null)) return sayResult(say.not_all, why);
  const counts = { differing: differing.length, count: run.length };
  sayResult(differing.length === 0 ? say.agree_all : fill(say.differ_in, counts), why);
}

/**
 * Runs one check. Resolves to null if the field of this check is empty, or if the token or a field
 * has changed meanwhile.
 *
 * @param {string} name
 * @param {{token: string, expected: Expected, onServer: boolean, mine: number}} options
 * @returns {Promise<{agree: boolean | null, why?: string} | null>}
 */
async function runCheck(name, { token, expected, onServer, mine }) {
  clear(name);
  const { input, here, query } = CHECKS[name];
  const text = input.value.trim();
  if (query(text).length === 0 || text === "") {
    showAgreement(name, "", words.console.nothing_to_check);
    return null;
  }
  const local = await runHere(here, token, text, expected);
  if (mine !== turn) return null;
  put(name, ".local", local);
  if (!onServer) return { agree: null };
  const server = await askServer(query(text), token);
  if (mine !== turn) return null;
  put(name, ".server", server);
  if (local.verdict === null || server.verdict === null) return { agree: null };
  const agree = local.verdict === server.verdict;
  showAgreement(name, agree ? "good" : "bad", agree ? words.console.agree : words.console.differ);
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
    return { verdict: null, says: words.console.not_run, more: inWords(error) };
  }
  // This first run is not measured, because it might have to wait for the keys or for the compiler.
  const verdict = await here(verifier, token, text);
  const begun = performance.now();
  for (let i = 0; i < RUNS; i++) await here(verifier, token, text);
  return { verdict, says: yesOrNo(verdict), ms: (performance.now() - begun) / RUNS };
}

/**
 * @param {[name: string, value: string][]} query
 * @param {string} token
 * @returns {Promise<Result>}
 */
async function askServer(query, token) {
  if (!SENDABLE.test(token))
    return { verdict: null, says: words.console.not_sent, more: words.console.not_sent_why };
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
      return { verdict: body.authorized, says: yesOrNo(body.authorized), ms };
    if (body.code === "invalid_token")
      return { verdict: false, says: yesOrNo(false), more: words.console.token_refused, ms };
    if (body.code === "invalid_request")
      return {
        verdict: null,
        says: words.console.not_asked,
        more: words.console.not_asked_why,
        ms,
      };
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return {
      verdict: null,
      says: words.console.no_answer,
      more: inWords({ code: body.code, status: response.status, retryAfter }),
    };
  } catch {
    const more = inWords({ code: "network_error" });
    return { verdict: null, says: words.console.no_answer, more };
  }
}

/** @param {boolean} verdict */
const yesOrNo = (verdict) => (verdict ? words.console.yes : words.console.no);

/** @param {Result} local */
function whyTheyDiffer({ verdict }) {
  if (!verdict) return words.console.differ_clock;
  const time = timeLeft();
  return time ? fill(words.console.differ_server_for, { time }) : words.console.differ_server;
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
