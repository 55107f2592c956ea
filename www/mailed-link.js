// The pages behind mailed links: <page>#<ticket>. Opening one sends nothing, since mail scanners open links too: only the
// button does.
import { onSubmit, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { client } from "./session.js";
import { isLost } from "./words.js";

let ticket = takeTicket();
let lost = false;

const form = document.querySelector("form");
const password = form.elements.password && passwordField(form.elements.password);
const REDEEM = {
  reset: () => client.confirmPasswordReset({ token: ticket, password: password.value }),
  verify: () => client.verifyEmail({ token: ticket, password: password.value }),
  confirm: () => client.confirmEmailChange(ticket),
};

onSubmit(form, async () => {
  if (password && !password.isGiven()) return;
  try {
    await REDEEM[form.dataset.redeem]();
  } catch (error) {
    lost ||= isLost(error);
    if (error.code === "invalid_link") return finish("bad-link");
    if (password && ["weak_password", "invalid_field"].includes(error.code))
      return password.refuse(error);
    throw error;
  }
  finish("done");
});

if (!ticket) show("no-link");

// Another link, opened in this tab: the browser changes the fragment and loads nothing.
addEventListener("hashchange", () => location.hash && location.reload());

/** Takes the ticket out of the address bar and the history. From here on it is in memory only. */
function takeTicket() {
  const taken = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return taken;
}

function finish(view) {
  ticket = "";
  form.reset();
  // A repeat after a lost answer finds the link used up by its own first try.
  for (const note of document.querySelectorAll("[data-after-lost-answer]")) note.hidden = !lost;
  show(view);
}
