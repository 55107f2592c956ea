// Signs in with an address and a password, then goes on to where somebody wanted to be.
import { byId } from "./dom.js";
import { isGiven, onSubmit, refuse, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { reveal } from "./password-reveal.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client, nameOf } from "./session.js";

// Whoever is on a slow line gets the form meanwhile.
const LOOK_MS = 1500;

const form = document.querySelector("form");
const { email, password } = form.elements;
const next = returnTo();

reveal(password);
for (const input of [email, password]) input.addEventListener("input", () => refuse(input));
byId("register").href = withReturnTo("/register");
byId("continue").href = next;
for (const demo of document.querySelectorAll(".only-local")) demo.hidden = !isLoopback;

const user = await signedIn();
if (user) {
  byId("who").textContent = nameOf(user);
  show("signed-in", { focus: false });
}

onSubmit(form, async () => {
  refuse(password);
  if (!isGiven(email, "Type your email address.") || !isGiven(password)) return;
  try {
    await client.login({ email: email.value.trim(), password: password.value });
  } catch (error) {
    if (error.code !== "invalid_credentials" && error.code !== "invalid_field") throw error;
    // Which of the two is wrong is nobody's business.
    refuse(password, "The email address or the password is wrong. Check both, then try again.");
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

/** Who is signed in already; null when nobody is, or when that can't be known now. */
async function signedIn() {
  const late = new Promise((resolve) => setTimeout(resolve, LOOK_MS, null));
  try {
    return await Promise.race([client.ready(), late]);
  } catch {
    return null;
  }
}
