// Signs in with an address and a password. Then it goes on to the app whose request led here, or to
// ?return_to=.
/** @import { Asked } from "./app-answer.js" */
import { rememberTyped, typedAddress } from "./address.js";
import { answerApp, appPage, nameOfApp, phrase, placeOfApp } from "./app-answer.js";
import { takeAppRequest, withAppRequest } from "./app-request.js";
import { isMet, isRefusedChallenge, takeChallenge } from "./challenge.js";
import { all, byId, first, inputOf, ready, say } from "./dom.js";
import { isAbout, isRefusal } from "./failures.js";
import { addressIn, isComplete, isGiven, mark, onClick, onSubmit, refuse, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { reveal } from "./password-reveal.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client, nameOf } from "./session.js";
import { fill, words } from "./words.js";

const form = first(document, "form", HTMLFormElement);
const [email, password] = [inputOf(form, "email"), inputOf(form, "password")];
const next = returnTo();
const { request, isOther } = takeAppRequest();
const goOn = appPage(request, follow);
/** @type {Asked | null} What the service has said about the request. */
let asked = null;
// As soon as somebody uses the form, the page keeps showing it.
let isInUse = false;
// Somebody has asked for the form, to use another account.
let isFormWanted = isOther;
let hasSignedIn = false;
let answers = 0;

reveal(password);
for (const id of ["register", "forgot"]) {
  const link = byId(id, HTMLAnchorElement);
  link.href = request ? withAppRequest(link.pathname, request) : withReturnTo(link.pathname);
}
byId("continue", HTMLAnchorElement).href = next;
for (const demo of all(".only-local")) demo.hidden = !isLoopback;

// The browser may have restored what was typed before.
email.value ||= typedAddress();
if (email.value && document.activeElement === email) password.focus();
// The mistake may be in the address, so a change of either field removes the message.
email.addEventListener("input", () => password.value && mark(password));
email.addEventListener("change", () => rememberTyped(email.value.trim()));
for (const event of ["input", "pointerdown", "submit"])
  form.addEventListener(event, () => {
    isInUse = true;
  });

onSubmit(form, async () => {
  const address = addressIn(email);
  isGiven(password);
  if (!isComplete(form) || !isMet()) return;
  try {
    await client.login({ email: address, password: password.value, ...takeChallenge() });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (isRefusedChallenge(error)) return;
    if (error.code !== "invalid_credentials" && !isAbout(error, "email", "password")) throw error;
    // Does not reveal which of the two is wrong.
    refuse(password, words.sign_in.wrong);
    password.select();
    return;
  }
  form.reset();
  if (!request) return location.replace(next);
  [hasSignedIn, isFormWanted] = [true, false];
  await goOn();
});

for (const button of all(".other"))
  button.addEventListener("click", () => {
    isFormWanted = true;
    show("ask");
    email.focus();
  });

onClick(
  byId("as"),
  async () => {
    if (asked) await answer(asked);
  },
  byId("as-problem"),
);

/**
 * Goes on with the request of an app.
 *
 * @param {Asked} now
 */
async function follow(now) {
  asked = now;
  const [app, place] = [nameOfApp(now.client), placeOfApp(now.client)];
  for (const line of all(".app-place")) {
    line.replaceChildren(...phrase(words.apps.back_to, { place }));
    line.hidden = false;
  }
  byId("title").replaceChildren(...phrase(words.sign_in.to_app, { app }));
  byId("continue-title").replaceChildren(...phrase(words.sign_in.continue_to, { app }));
  if (now.next === "sign_in" || isFormWanted) return showForm(now);
  if (now.next === "consent") return location.replace(withAppRequest("/consent", request));
  // If the service's answers keep changing, a button ends the loop.
  if (now.next === "done" && answers < 2) return answer(now);
  const address = now.user?.email ?? "";
  const name = client.user && client.user.id === now.user?.id ? nameOf(client.user) : address;
  byId("as").textContent = fill(words.sign_in.continue_as, { name });
  byId("as-address").textContent = address;
  show("app-continue", { focus: hasSignedIn });
}

/** @param {Asked} now */
function showForm({ login_hint, user, next }) {
  // The service may want the password of somebody who is signed in.
  const isAgain = next === "sign_in" && user !== null && !isFormWanted;
  byId("sign-in-again").hidden = !isAgain;
  email.value ||= (isAgain ? user.email : login_hint) ?? "";
  show("ask", { focus: false });
  (email.value ? password : email).focus();
}

/** @param {Asked} now */
async function answer(now) {
  answers += 1;
  if (!(await answerApp(request, now, true))) await goOn();
}

if (request) {
  show("reading", { focus: false });
  setTimeout(() => say(byId("reading"), words.sign_in.reading), 500);
  // Until the client is ready, a renewal may be changing the cookie.
  client
    .ready()
    .catch(() => {})
    .then(goOn);
} else {
  ready();
  client.ready().then(
    (user) => {
      if (!user || isInUse) return;
      byId("who").textContent = nameOf(user);
      show("signed-in", { focus: false });
    },
    // The page can't find out who is signed in. Signing in works all the same.
    () => {},
  );
}
