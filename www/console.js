// The console for developers: a token laid out, its signature and times checked here, and the three checks run here and on the
// server. The token is in the field and nowhere else.
import { peek } from "/edgegate/web.js";
import { runChecks, suggestChecks } from "./console-checks.js";
import { layOutClaims, layOutHeader, partsOf } from "./console-claims.js";
import { showLife } from "./console-life.js";
import { reasonInWords, stepsOf } from "./console-reasons.js";
import { issuerOfService, verifierFor } from "./console-verifier.js";
import { addCopyButtons, fillIn } from "./copy.js";
import { byId, make, say } from "./dom.js";
import { onClick, onSubmit } from "./form.js";
import { isLoopback } from "./loopback.js";
import { client } from "./session.js";
import { inWords } from "./words.js";

// The demo accounts of local development have it, and nothing else does.
const DEMO_PASSWORD = "correct horse battery staple";

const input = byId("token");
const [issuer, audience] = [byId("issuer"), byId("audience")];
const expected = () => ({ issuer: issuer.value.trim(), audience: audience.value.trim() });
const typed = () => input.value.trim();
let turn = 0;

/** Shows what is in the field, whatever that is. */
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

async function verify() {
  const mine = ++turn;
  const token = typed();
  showLife(null);
  if (token === "") return;
  const verdict = await verdictOn(token);
  // Something else was typed meanwhile.
  if (mine !== turn) return;
  tell(verdict);
  showLife(partsOf(token).claims, verify);
}

async function verdictOn(token) {
  try {
    await (await verifierFor(expected())).verify(token);
    return {
      state: "good",
      headline: "It is valid",
      why: "The signature is right, and every rule holds.",
      steps: stepsOf(null),
    };
  } catch (error) {
    if (error.name !== "EdgegateError") throw error;
    if (error.code === "invalid_argument")
      return {
        state: "unknown",
        headline: "It can’t be checked so",
        why: "Type the issuer and the audience that are expected.",
        steps: [],
      };
    if (error.code !== "invalid_token")
      return {
        state: "unknown",
        headline: "It can’t be checked here now",
        why: inWords(error),
        steps: [],
      };
    const why = reasonInWords(error.reason, expected());
    return {
      state: "bad",
      headline: "It is not valid",
      why,
      reason: error.reason,
      steps: stepsOf(error.reason),
    };
  }
}

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

const checked = (text) => say(byId("checked"), text);
onSubmit(byId("check-form"), async () =>
  checked(await runChecks(typed(), expected(), { onServer: true })),
);
onClick(byId("check-here"), () => runChecks(typed(), expected(), { onServer: false }), checked);
onClick(byId("retry"), verify, () => {});

input.addEventListener("input", read);
for (const field of [issuer, audience]) {
  field.addEventListener("change", () => {
    fillIn(expected());
    verify();
  });
}
// A page that the browser takes out of its memory again has no token in it.
addEventListener("pagehide", () => {
  input.value = "";
  read();
});

/** Who is signed in here, and ways to a token of theirs. */
function showSession(user) {
  say(byId("session-said"), user ? `Signed in as ${user.email}.` : "You are not signed in.");
  byId("take").hidden = !user;
  byId("sign-in").hidden = Boolean(user);
  for (const button of document.querySelectorAll(".demo"))
    button.hidden = !isLoopback || button.dataset.email === user?.email;
}

async function takeToken() {
  const token = await client.accessToken();
  // It came from the service itself, so its audience is the service's.
  audience.value = [(await peek(token)).aud].flat()[0];
  fillIn(expected());
  input.value = token;
  read();
}

const sessionProblem = (text) => say(byId("session-problem"), text);
onClick(byId("take"), takeToken, sessionProblem);
for (const button of document.querySelectorAll(".demo")) {
  onClick(
    button,
    async () => {
      showSession(await client.login({ email: button.dataset.email, password: DEMO_PASSWORD }));
      await takeToken();
      input.focus();
    },
    sessionProblem,
  );
}
for (const event of ["signed-in", "signed-out"])
  client.addEventListener(event, () => showSession(client.user));

addCopyButtons();
issuer.value = await issuerOfService();
fillIn({ origin: location.origin, ...expected() });
if (typed()) read();
try {
  showSession(await client.ready());
} catch (error) {
  showSession(null);
  sessionProblem(inWords(error));
}
