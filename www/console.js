// The console for developers. It shows the contents of a token, verifies the token in this page,
// and runs three checks in this page and on the server. The page keeps the token only in its
// memory, and writes it to no storage of the browser.
/** @import { User } from "/edgegate/client/index.js" */
import { peek } from "/edgegate/web.js";
import { forgetResults, runChecks, suggestChecks } from "./console-checks.js";
import { layOutClaims, layOutHeader, partsOf } from "./console-claims.js";
import { showLife } from "./console-life.js";
import { reasonInWords, stepsOf } from "./console-reasons.js";
import { issuerOfService, verifierFor } from "./console-verifier.js";
import { addCopyButtons, fillIn } from "./copy.js";
import { all, byId, make, ready, say } from "./dom.js";
import { inWords, isRefusal } from "./failures.js";
import { onClick, onSubmit } from "./form.js";
import { isLoopback } from "./loopback.js";
import { client } from "./session.js";
import { fill, words } from "./words.js";

// The password of the demo accounts. These accounts exist only in local development.
const DEMO_PASSWORD = "correct horse battery staple";

/**
 * @typedef {object} Verdict
 * @property {"good" | "bad" | "unknown"} state
 * @property {string} headline
 * @property {string} why
 * @property {string} [reason]
 * @property {ReturnType<typeof stepsOf>} steps
 */

const input = byId("token", HTMLTextAreaElement);
const [issuer, audience] = [byId("issuer", HTMLInputElement), byId("audience", HTMLInputElement)];
const expected = () => ({ issuer: issuer.value.trim(), audience: audience.value.trim() });
const typed = () => input.value.trim();
let turn = 0;

/**
 * Reads the token in the input field. Shows its header and claims, even if the token is invalid,
 * and verifies it.
 */
function read() {
  const token = typed();
  const { header, claims } = partsOf(token);
  byId("verdict").hidden = byId("checks").hidden = token === "";
  byId("says").hidden = !header && !claims;
  layOutHeader(byId("header"), header);
  layOutClaims(byId("claims"), claims);
  suggestChecks(claims);
  verify();
}

/**
 * Removes all results. It is called before each verification, and while the user is typing another
 * issuer or audience, because the results are then outdated.
 */
function forgetAnswers() {
  turn += 1;
  forgetResults();
  tell({ state: "unknown", headline: "", why: "", steps: [] });
  byId("retry").hidden = true;
  showLife(null);
}

async function verify() {
  forgetAnswers();
  const mine = turn;
  const token = typed();
  if (token === "") return;
  const verdict = await verdictOn(token);
  // If the user has changed a field in the meantime, this result of the verification is outdated.
  if (mine !== turn) return;
  tell(verdict);
  showLife(partsOf(token).claims, verify);
}

/**
 * @param {string} token
 * @returns {Promise<Verdict>}
 */
async function verdictOn(token) {
  try {
    await (await verifierFor(expected())).verify(token);
    return {
      state: "good",
      headline: words.console.valid,
      why: words.console.valid_why,
      steps: stepsOf(null),
    };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.code === "invalid_argument")
      return {
        state: "unknown",
        headline: words.console.incomplete,
        why: words.console.incomplete_why,
        steps: [],
      };
    if (error.code !== "invalid_token")
      return {
        state: "unknown",
        headline: words.console.unknown,
        why: inWords(error),
        steps: [],
      };
    return {
      state: "bad",
      headline: words.console.invalid,
      why: reasonInWords(error.reason, expected()),
      reason: error.reason,
      steps: stepsOf(error.reason),
    };
  }
}

/** @param {Verdict} verdict */
function tell({ state, headline, why, reason, steps }) {
  byId("verdict").dataset.state = state;
  say(byId("headline"), headline);
  byId("reason").replaceChildren(
    why,
    ...(reason ? [" ", make("code", { textContent: reason })] : []),
  );
  byId("retry").hidden = state !== "unknown";
  byId("steps").replaceChildren(
    ...steps.map(({ name, text, state }) => {
      const step = make(
        "li",
        {},
        make("strong", { textContent: name }),
        make("span", { className: "soft", textContent: text }),
      );
      step.dataset.state = state;
      return step;
    }),
  );
}

onSubmit(byId("check-form", HTMLFormElement), () =>
  runChecks(typed(), expected(), { onServer: true }),
);
onClick(byId("check-here"), () => runChecks(typed(), expected(), { onServer: false }), null);
onClick(byId("retry"), verify, null);

input.addEventListener("input", read);
for (const field of [issuer, audience]) {
  field.addEventListener("input", forgetAnswers);
  field.addEventListener("change", () => {
    fillIn(expected());
    verify();
  });
}
// The browser can keep this page in memory and restore it later (the back/forward cache). A
// restored page must not show the token.
addEventListener("pagehide", () => {
  input.value = "";
  read();
});

/**
 * Shows who is signed in to this service, and the buttons to get a token.
 *
 * @param {User | null} user
 */
function showSession(user) {
  say(
    byId("session-said"),
    user ? fill(words.console.signed_in_as, { address: user.email }) : words.console.signed_out,
  );
  byId("take").hidden = !user;
  byId("sign-in").hidden = Boolean(user);
  for (const button of all(".demo"))
    button.hidden = !isLoopback || button.dataset.email === user?.email;
}

async function takeToken() {
  const token = await client.accessToken();
  // The service has issued this token, so its audience is the value that the service uses.
  audience.value = [(await peek(token)).aud].flat()[0];
  fillIn(expected());
  input.value = token;
  read();
}

const problem = byId("session-problem");
onClick(byId("take"), takeToken, problem);
for (const button of all(".demo")) {
  onClick(
    button,
    async () => {
      const email = button.dataset.email ?? "";
      showSession(await client.login({ email, password: DEMO_PASSWORD }));
      await takeToken();
      input.focus();
    },
    problem,
  );
}
for (const event of ["signed-in", "signed-out"])
  client.addEventListener(event, () => showSession(client.user));

addCopyButtons();
ready();
issuer.value = await issuerOfService();
fillIn({ origin: location.origin, ...expected() });
if (typed()) read();
try {
  showSession(await client.ready());
} catch (error) {
  showSession(null);
  say(problem, inWords(isRefusal(error) ? error : {}));
}
