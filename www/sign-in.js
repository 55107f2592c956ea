// The page for signing in with an email address and a password. After the sign-in, it leads the
// user to the app that sent the user here, or to the path in ?return_to=.
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
/** @type {Asked | null} The service's last answer about the app's request. */
let asked = null;
// True as soon as the user has touched the form. Then the page keeps showing the form.
let isInUse = false;
// True if the user wants to sign in with another account, so that the form must be shown although
// somebody is signed in.
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

// If the browser has not filled in the address already, use the address that was typed earlier in
// this tab.
email.value ||= typedAddress();
if (email.value && document.activeElement === email) password.focus();
// The message that the address or the password is wrong is shown below the password. The mistake
// can be in the address, so a change of the address also removes the message.
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
    // For security, the message does not say whether the address or the password is wrong.
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
 * Decides what to do about the request of an app: show the form, go to the page for consent, send
 * the user back to the app, or ask whether to continue.
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
  // `next` is "done" if nothing needs to be asked, so the page answers the app at once. If that
  // fails because another user has signed in, the page asks the service again. To avoid an endless
  // loop, it shows a button after two attempts.
  if (now.next === "done" && answers < 2) return answer(now);
  const address = now.user?.email ?? "";
  const name = client.user && client.user.id === now.user?.id ? nameOf(client.user) : address;
  byId("as").textContent = fill(words.sign_in.continue_as, { name });
  byId("as-address").textContent = address;
  show("app-continue", { focus: hasSignedIn });
}

/** @param {Asked} now */
function showForm({ login_hint, user, next }) {
  // The service ignores a hint that is not an email address, for example a phone number.
  const hint = login_hint?.includes("@") ? login_hint.trim() : "";
  // If somebody is signed in and `next` is still "sign_in", the service wants this user to enter
  // the password again, unless the app asks for somebody else.
  const isExpected = user !== null && (hint === "" || isSameAddress(hint, user.email));
  const isAgain = next === "sign_in" && isExpected && !isFormWanted;
  byId("sign-in-again").hidden = !isAgain;
  const address = isAgain ? user.email : hint;
  // The app's request says more about who signs in than an address that was typed earlier in this
  // tab. The page replaces nothing that the user has typed on this page.
  if (address && !isInUse && !isFormWanted && !isSameAddress(email.value, address)) {
    // The browser might have filled in the password of the other address.
    if (email.value) password.value = "";
    email.value = address;
  }
  email.value ||= address;
  show("ask", { focus: false });
  (email.value ? password : email).focus();
}

/**
 * @param {string} one
 * @param {string} other
 */
const isSameAddress = (one, other) => one.trim().toLowerCase() === other.trim().toLowerCase();

/** @param {Asked} now */
async function answer(now) {
  answers += 1;
  if (!(await answerApp(request, now, true))) await goOn();
}

if (request) {
  show("reading", { focus: false });
  setTimeout(() => say(byId("reading"), words.sign_in.reading), 500);
  // First wait until the client is ready. Before that, the client might be renewing the session,
  // and the renewal changes the cookie with which this page asks the service.
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
    // If the page can't find out who is signed in, it keeps showing the form, which works in any
    // case.
    () => {},
  );
}
