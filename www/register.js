// Makes an account. Whether a password is chosen now or behind a mailed link is the service's setting: it is asked without one
// first, and says when it wants one.
import { byId } from "./dom.js";
import { addressIn, onSubmit, refuse, refuseAddress, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { passwordField } from "./password-field.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client } from "./session.js";

const form = document.querySelector("form");
const { email, first_name, last_name } = form.elements;
const passwordBox = byId("password-field");
const password = passwordField(form.elements.password);

for (const input of [email, first_name, last_name])
  input.addEventListener("input", () => refuse(input));
for (const link of document.querySelectorAll(".sign-in")) link.href = withReturnTo("/sign-in");
byId("local").hidden = !isLoopback;

onSubmit(form, async () => {
  byId("taken").hidden = true;
  const address = addressIn(email);
  if (address === null) return;
  if (!passwordBox.hidden && !password.isGiven()) return;
  const account = { email: address };
  for (const name of [first_name, last_name])
    if (name.value.trim()) account[name.name] = name.value.trim();
  if (!passwordBox.hidden) account.password = password.value;

  try {
    const user = await client.register(account);
    form.reset();
    if (user) return location.replace(returnTo());
  } catch (error) {
    return said(error);
  }
  byId("asked").textContent = address;
  show("sent");
});

byId("again").addEventListener("click", () => {
  show("ask");
  email.focus();
});

function said(error) {
  if (error.code === "registration_closed") return show("closed");
  if (error.code === "weak_password") return password.refuse(error);
  if (error.code === "email_taken") {
    refuse(email, "This address has an account already.");
    byId("taken").hidden = false;
    return;
  }
  if (error.code !== "invalid_field") throw error;
  const [wrong] = error.errors ?? [];
  if (wrong?.field === "password") return askForPassword(wrong.reason, error);
  if (wrong?.field === "email") return refuseAddress(email);
  const name = form.elements[wrong?.field];
  if (!name) throw error;
  refuse(name, "This name can’t be used: write it shorter, and without special signs.");
}

function askForPassword(reason, error) {
  if (reason !== "missing") return password.refuse(error);
  passwordBox.hidden = false;
  byId("password-asked").textContent = "One more thing: choose a password.";
  form.elements.password.focus();
}
