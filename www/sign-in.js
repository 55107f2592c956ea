// Signs in with an address and a password, then goes to ?return_to=.
/** @import { User } from "/edgegate/client/index.js" */
import { all, byId, first, inputOf } from "./dom.js";
import { isGiven, onSubmit, refuse, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { reveal } from "./password-reveal.js";
import { returnTo, withReturnTo } from "./return-to.js";
import { client, nameOf } from "./session.js";
import { isRefusal } from "./words.js";

// On a slow network the page shows the form before it knows who is signed in.
const LOOK_MS = 1500;

const form = first(document, "form", HTMLFormElement);
const [email, password] = [inputOf(form, "email"), inputOf(form, "password")];
const next = returnTo();

reveal(password);
for (const input of [email, password]) input.addEventListener("input", () => refuse(input));
byId("register", HTMLAnchorElement).href = withReturnTo("/register");
byId("continue", HTMLAnchorElement).href = next;
for (const demo of all(".only-local")) demo.hidden = !isLoopback;

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
    if (!isRefusal(error) || !["invalid_credentials", "invalid_field"].includes(error.code))
      throw error;
    // Does not reveal which of the two is wrong.
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

/**
 * Who is signed in already. Null if nobody is, or if the client can't find out now.
 *
 * @returns {Promise<User | null>}
 */
async function signedIn() {
  const late = /** @type {Promise<null>} */ (
    new Promise((resolve) => setTimeout(resolve, LOOK_MS, null))
  );
  try {
    return await Promise.race([client.ready(), late]);
  } catch {
    return null;
  }
}
