// Creates an account. The service's settings decide whether the password is chosen here or behind a
// mailed link. So the page first asks without a password, and the service says if it needs one.
/** @import { EdgegateError } from "/edgegate/client/index.js" */
import { all, byId, first, inputOf } from "./dom.js";
import { addressIn, onSubmit, refuse, refuseAddress, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { passwordField } from "./password-field.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client } from "./session.js";
import { isRefusal } from "./words.js";

const form = first(document, "form", HTMLFormElement);
const email = inputOf(form, "email");
const names = [inputOf(form, "first_name"), inputOf(form, "last_name")];
const passwordBox = byId("password-field");
const password = passwordField(inputOf(form, "password"));

for (const input of [email, ...names]) input.addEventListener("input", () => refuse(input));
for (const link of all(".sign-in")) link.setAttribute("href", withReturnTo("/sign-in"));
byId("local").hidden = !isLoopback;

onSubmit(form, async () => {
  byId("taken").hidden = true;
  const address = addressIn(email);
  if (address === null) return;
  if (!passwordBox.hidden && !password.isGiven()) return;
  const given = names.map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value);
  const account = {
    email: address,
    ...Object.fromEntries(given),
    ...(!passwordBox.hidden && { password: password.value }),
  };

  try {
    const user = await client.register(account);
    form.reset();
    if (user) return location.replace(returnTo());
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return explain(error);
  }
  byId("asked").textContent = address;
  show("sent");
});

byId("again").addEventListener("click", () => {
  show("ask");
  email.focus();
});

/** @param {EdgegateError} error */
function explain(error) {
  if (error.code === "registration_closed") return show("closed");
  if (error.code === "weak_password") return password.refuse(error);
  if (error.code === "email_taken") {
    refuse(email, "This address already has an account.");
    byId("taken").hidden = false;
    return;
  }
  if (error.code !== "invalid_field") throw error;
  const [wrong] = error.errors ?? [];
  if (wrong?.field === "password") return askForPassword(wrong.reason, error);
  if (wrong?.field === "email") return refuseAddress(email);
  const name = names.find((input) => input.name === wrong?.field);
  if (!name) throw error;
  refuse(name, "This name can’t be used: make it shorter, and leave out special characters.");
}

/**
 * @param {string} reason
 * @param {EdgegateError} error
 */
function askForPassword(reason, error) {
  if (reason !== "missing") return password.refuse(error);
  passwordBox.hidden = false;
  byId("password-asked").textContent = "One more thing: choose a password.";
  inputOf(form, "password").focus();
}
