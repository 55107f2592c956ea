// The three checks, here in WebAssembly and on the server, side by side.
import { timeLeft } from "./console-life.js";
import { verifierFor } from "./console-verifier.js";
import { byId, make } from "./dom.js";
import { inWords } from "./words.js";

// One run is shorter than what a browser's clock can tell apart.
const RUNS = 20;
// What no server would take, and what can't stand in a header.
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;

const rolesIn = (text) => text.split(/[\s,]+/).filter(Boolean);

const CHECKS = {
  role: {
    input: byId("check-role"),
    here: (verifier, token, text) => verifier.isAuthorizedByRole(token, rolesIn(text)),
    query: (text) => rolesIn(text).map((role) => ["role", role]),
    of: ({ roles }) =>
      Array.isArray(roles) ? roles.filter((role) => typeof role === "string").join(" ") : "",
  },
  user_id: {
    input: byId("check-user-id"),
    here: (verifier, token, text) => verifier.isAuthorizedByUserId(token, text),
    query: (text) => [["user_id", text]],
    of: ({ sub }) => (typeof sub === "string" ? sub : ""),
  },
  email: {
    input: byId("check-email"),
    here: (verifier, token, text) => verifier.isAuthorizedByEmail(token, text),
    query: (text) => [["email", text]],
    of: ({ email }) => (typeof email === "string" ? email : ""),
  },
};

/** Fills the criteria with what the token says, and takes back earlier answers. */
export function suggestChecks(claims) {
  for (const { input, of } of Object.values(CHECKS)) input.value = claims ? of(claims) : "";
  for (const name of Object.keys(CHECKS)) clear(name);
}

/** Runs all three; answers how it went in a sentence, and says below why here and the server differ, where they do. */
export async function runChecks(token, expected, { onServer }) {
  byId("why-differ").textContent = "";
  const verdicts = [];
  for (const name of Object.keys(CHECKS))
    verdicts.push(await runCheck(name, token, expected, onServer));
  const asked = verdicts.filter(({ skipped }) => !skipped);
  if (asked.length === 0) return "Nothing to check: type a role, a user id or an address.";
  if (!onServer) return "Checked here. Nothing was sent.";
  const differ = asked.filter(({ agree }) => agree === false);
  byId("why-differ").textContent = [...new Set(differ.map(({ why }) => why))].join("\n");
  if (asked.some(({ agree }) => agree === null)) return "Not every check could be run.";
  return differ.length === 0
    ? "Here and the server agree."
    : `Here and the server differ in ${differ.length} of ${asked.length}.`;
}

async function runCheck(name, token, expected, onServer) {
  clear(name);
  const { input, here, query } = CHECKS[name];
  const text = input.value.trim();
  if (query(text).length === 0 || text === "") {
    agreement(name, "", "Nothing to check.");
    return { skipped: true };
  }
  const local = await runHere(here, token, text, expected);
  put(name, ".local", local);
  if (!onServer) return { agree: null };
  const server = await ask(query(text), token);
  put(name, ".server", server);
  if (local.verdict === null || server.verdict === null) return { agree: null };
  const agree = local.verdict === server.verdict;
  agreement(name, agree ? "good" : "bad", agree ? "They agree." : "They differ.");
  return { agree, why: whyNot(local) };
}

async function runHere(here, token, text, expected) {
  let verifier;
  try {
    verifier = await verifierFor(expected);
  } catch (error) {
    if (error.name !== "EdgegateError") throw error;
    return { verdict: null, says: "Could not run", more: inWords(error) };
  }
  // The first run may have to wait for keys or the compiler.
  const verdict = await here(verifier, token, text);
  const begun = performance.now();
  for (let i = 0; i < RUNS; i++) await here(verifier, token, text);
  return { verdict, says: verdict ? "Yes" : "No", ms: (performance.now() - begun) / RUNS };
}

async function ask(query, token) {
  if (!SENDABLE.test(token))
    return { verdict: null, says: "Not sent", more: "Such a text can’t be sent as a token." };
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
      return { verdict: false, says: "No", more: "It refuses the token itself.", ms };
    if (body.code === "invalid_request")
      return { verdict: null, says: "Not asked", more: "It does not take this criterion.", ms };
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

function whyNot({ verdict }) {
  if (!verdict) {
    return "Here it fails and there it holds. Is the clock of this device right, and are issuer and audience those of the service?";
  }
  const until = timeLeft();
  return (
    "The token is good in itself, but the server knows that its session has ended, or that roles, address or account " +
    `changed since. A check without the server says yes until the token expires${until ? `, for ${until} more` : ""}.`
  );
}

function clear(name) {
  for (const place of [".local", ".server"]) put(name, place, { says: "–", verdict: null });
  agreement(name, "", "");
}

function put(name, place, { verdict, says, ms, more }) {
  const cell = row(name).querySelector(place);
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

function agreement(name, state, text) {
  const line = row(name).querySelector(".agreement");
  line.dataset.state = state;
  line.textContent = text;
}

const row = (name) => document.querySelector(`[data-check="${name}"]`);
