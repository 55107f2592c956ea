// The pages behind mailed links, <page>#<ticket>. Mail scanners open links too, so opening the page
// sends nothing. Only the button does.
import { all, first } from "./dom.js";
import { onSubmit, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { client } from "./session.js";
import { isLost, isRefusal } from "./words.js";

let ticket = takeTicket();
let isAnswerLost = false;

const form = first(document, "form", HTMLFormElement);
const input = form.elements.namedItem("password");
const password = input instanceof HTMLInputElement ? passwordField(input) : null;
/** @type {Record<string, () => Promise<void>>} */
const REDEEM = {
  reset: () => client.confirmPasswordReset({ token: ticket, password: password?.value ?? "" }),
  verify: () => client.verifyEmail({ token: ticket, password: password?.value ?? "" }),
  confirm: () => client.confirmEmailChange(ticket),
};
const redeem = REDEEM[form.dataset.redeem ?? ""];

onSubmit(form, async () => {
  if (password && !password.isGiven()) return;
  try {
    await redeem();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    isAnswerLost ||= isLost(error);
    if (error.code === "invalid_link") return finish("bad-link");
    if (password && ["weak_password", "invalid_field"].includes(error.code))
      return password.refuse(error);
    throw error;
  }
  finish("done");
});

if (!ticket) show("no-link");

// If another link is opened in this tab, the browser changes only the fragment and loads nothing.
addEventListener("hashchange", () => location.hash && location.reload());

/** Removes the ticket from the address bar and the history. After this it is in memory only. */
function takeTicket() {
  const taken = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return taken;
}

/** @param {"bad-link" | "done"} view */
function finish(view) {
  ticket = "";
  form.reset();
  // If the answer to a first attempt was lost, that attempt may have used the link.
  for (const note of all("[data-after-lost-answer]")) note.hidden = !isAnswerLost;
  show(view);
}
