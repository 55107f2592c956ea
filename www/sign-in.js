// Signs in with an address and a password, then goes to ?return_to=.
import { rememberTyped, typedAddress } from "./address.js";
import { isMet, isRefusedChallenge, takeChallenge } from "./challenge.js";
import { all, byId, first, inputOf, ready } from "./dom.js";
import { isAbout, isRefusal } from "./failures.js";
import { addressIn, isComplete, isGiven, mark, onSubmit, refuse, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { reveal } from "./password-reveal.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client, nameOf } from "./session.js";
import { words } from "./words.js";

const form = first(document, "form", HTMLFormElement);
const [email, password] = [inputOf(form, "email"), inputOf(form, "password")];
const next = returnTo();
// As soon as somebody uses the form, it stays.
let isInUse = false;

reveal(password);
byId("register", HTMLAnchorElement).href = withReturnTo("/register");
byId("forgot", HTMLAnchorElement).href = withReturnTo("/forgot-password");
byId("continue", HTMLAnchorElement).href = next;
for (const demo of all(".only-local")) demo.hidden = !isLoopback;

// The browser may have restored what was typed before.
email.value ||= typedAddress();
if (email.value && document.activeElement === email) password.focus();
// A wrong password may be the wrong address, so that mending either takes back what was said.
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
  location.replace(next);
});

byId("other").addEventListener("click", () => {
  show("ask");
  email.focus();
});

ready();
client.ready().then(
  (user) => {
    if (!user || isInUse) return;
    byId("who").textContent = nameOf(user);
    show("signed-in", { focus: false });
  },
  // Nobody knows now who is signed in. Signing in works all the same.
  () => {},
);
