// The script of the pages that the links in mails open. Such a link has the form <page>#<ticket>.
// The ticket is a signed token that works once. The page sends the ticket only when the user
// presses the button, and not when the page opens, because programs that scan mails also open the
// links.
import { forgetMailed, mailedAddress, rememberTyped } from "./address.js";
import { mailedAppRequest, withAppRequest } from "./app-request.js";
import { all, byId, first, ready } from "./dom.js";
import { isAbout, isLost, isRefusal } from "./failures.js";
import { isComplete, onSubmit, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { client } from "./session.js";

let ticket = takeTicket();
const request = mailedAppRequest();
let isAnswerLost = false;

const form = first(document, "form", HTMLFormElement);
const input = form.elements.namedItem("password");
const password = input instanceof HTMLInputElement ? passwordField(input) : null;
const username = form.elements.namedItem("username");
/** @type {Record<string, () => Promise<void>>} */
const REDEEM = {
  reset: () => client.confirmPasswordReset({ token: ticket, password: password?.value ?? "" }),
  verify: () => client.verifyEmail({ token: ticket, password: password?.value ?? "" }),
  confirm: () => client.confirmEmailChange(ticket),
};
const redeem = REDEEM[form.dataset.redeem ?? ""];

onSubmit(form, async () => {
  password?.isGiven();
  if (!isComplete(form)) return;
  try {
    await redeem();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    isAnswerLost ||= isLost(error);
    if (error.code === "invalid_link") return finish("bad-link");
    if (password && (error.code === "weak_password" || isAbout(error, "password")))
      return password.refuse(error);
    throw error;
  }
  // The user continues to the page for signing in, which will fill in this address.
  if (username instanceof HTMLInputElement) rememberTyped(username.value.trim());
  forgetMailed();
  finish("done");
});

if (username instanceof HTMLInputElement) nameAccount(username);
if (request) leadToApp(request);
if (ticket) ready();
else show("no-link");

// If the user opens another link in this tab, only the fragment of the URL changes. In that case
// the browser does not load the page again, so this listener does.
addEventListener("hashchange", () => location.hash && location.reload());

/**
 * Takes the ticket from the URL's fragment and removes it from the address bar and the history.
 * After that the ticket is only in the memory of this page.
 */
function takeTicket() {
  const taken = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  return taken;
}

/**
 * Fills in the form's field for the user name (the email address), because a password manager
 * stores the new password together with it. The link does not contain the address to which it was
 * mailed.
 *
 * If this browser asked for the mail, it still has the address: the field becomes visible, and the
 * user can correct the address. Otherwise the field stays hidden, and a password manager can fill
 * it.
 *
 * @param {HTMLInputElement} input
 */
function nameAccount(input) {
  const address = mailedAddress();
  if (!address) return;
  input.value = address;
  input.tabIndex = 0;
  const field = byId("username-field");
  field.classList.remove("announce");
  field.removeAttribute("aria-hidden");
}

/**
 * Adds the app's request to the links of this page, so that the user gets back to the app.
 *
 * @param {string} request
 */
function leadToApp(request) {
  for (const path of ["/sign-in", "/register", "/forgot-password"])
    for (const link of all(`a[href="${path}"]`))
      link.setAttribute("href", withAppRequest(path, request));
}

/** @param {"bad-link" | "done"} view */
function finish(view) {
  ticket = "";
  form.reset();
  // A link can be used only once. If the answer to an earlier attempt was lost, it is possible that
  // the attempt succeeded. These notes tell the user so.
  for (const note of all("[data-after-lost-answer]")) note.hidden = !isAnswerLost;
  for (const note of all("[data-app-request]"))
    note.hidden = request === null || (request === "") === (note.dataset.appRequest === "here");
  show(view);
}
