// Creates an account. A setting of the service decides whether users choose their password on this
// page or later, on the page that the link in a mail opens. This page does not know the setting. So
// it first sends the form without a password. If the service needs a password, it answers with an
// error, and the page shows the field for the password.
/** @import { EdgegateError } from "/edgegate/client/index.js" */
import { rememberTyped, typedAddress } from "./address.js";
import { keepForMail, newId, takeAppRequest, withAppRequest } from "./app-request.js";
import { isMet, isRefusedChallenge, takeChallenge } from "./challenge.js";
import { all, byId, first, inputOf, ready } from "./dom.js";
import { isAbout, isRefusal } from "./failures.js";
import { addressIn, isComplete, onSubmit, refuse, refuseAddress, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { showSent } from "./sent.js";
import { client } from "./session.js";
import { words } from "./words.js";

const form = first(document, "form", HTMLFormElement);
const email = inputOf(form, "email");
const names = [inputOf(form, "first_name"), inputOf(form, "last_name")];
const passwordBox = byId("password-field");
const password = passwordField(inputOf(form, "password"));

const { request } = takeAppRequest();
const mailId = newId();

const signIn = request ? withAppRequest("/sign-in", request) : withReturnTo("/sign-in");
for (const link of all(".sign-in")) link.setAttribute("href", signIn);
if (request)
  for (const link of all(".forgot"))
    link.setAttribute("href", withAppRequest("/forgot-password", request));
email.value ||= typedAddress();
email.addEventListener("input", () => {
  byId("taken").hidden = true;
});
email.addEventListener("change", () => rememberTyped(email.value.trim()));

onSubmit(form, async () => {
  byId("taken").hidden = true;
  const address = addressIn(email);
  if (!passwordBox.hidden) password.isGiven();
  if (!isComplete(form) || !isMet()) return;
  const given = names.map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value);
  const account = {
    email: address,
    ...Object.fromEntries(given),
    ...(!passwordBox.hidden && { password: password.value }),
  };

  const ask = (/** @type {{challenge?: string}} */ challenge) =>
    client.register({ ...account, ...challenge, ...keepForMail(request, mailId) });

  try {
    const user = await ask(takeChallenge());
    if (user) {
      form.reset();
      // If an app sent the user here, the page for signing in leads the user back to the app.
      return location.replace(request ? signIn : returnTo());
    }
    // "Use another address" shows the form again, so the address and the names stay.
    password.clear();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return explain(error);
  }
  showSent(address, ask);
});
ready();

/** @param {EdgegateError} error */
function explain(error) {
  if (isRefusedChallenge(error)) return;
  if (error.code === "registration_closed") return show("closed");
  if (error.code === "weak_password") return password.refuse(error);
  if (error.code === "email_taken") {
    refuse(email, words.register.taken);
    byId("taken").hidden = false;
    return;
  }
  if (error.code !== "invalid_field") throw error;
  if (isAbout(error, "password")) return askForPassword(error);
  if (isAbout(error, "email")) return refuseAddress(email);
  const name = names.find((input) => isAbout(error, input.name));
  if (!name) throw error;
  refuse(name, words.register.bad_name);
}

/** @param {EdgegateError} error */
function askForPassword(error) {
  if (!error.errors?.some(({ reason }) => reason === "missing")) return password.refuse(error);
  passwordBox.hidden = false;
  byId("password-asked").textContent = words.register.password_asked;
  inputOf(form, "password").focus();
}
