// Shows the account of the user who is signed in: the user's name and address, the user's sessions,
// and forms to change the account.
/** @import { SignedOutReason, User } from "/edgegate/client/index.js" */
import { showGrants } from "./account-grants.js";
import { showSessions } from "./account-sessions.js";
import { all, byId, first, inputOf, make, say } from "./dom.js";
import { inWords, isAbout, isRefusal } from "./failures.js";
import {
  addressIn,
  isComplete,
  isGiven,
  onClick,
  onSubmit,
  refuse,
  refuseAddress,
  show,
} from "./form.js";
import { passwordField } from "./password-field.js";
import { reveal } from "./password-reveal.js";
import { client, nameOf } from "./session.js";
import { fill, words } from "./words.js";

/** @type {Record<SignedOutReason, string>} */
const ENDED = {
  logout: words.account.ended_here,
  other_tab: words.account.ended_other_tab,
  other_user: words.account.ended_other_user,
  account_deleted: words.account.ended_deleted,
  session_ended: words.account.ended_session,
  no_session: words.account.ended_session,
};

const passwordForm = byId("password-form", HTMLFormElement);
const emailForm = byId("email-form", HTMLFormElement);
const deleteForm = byId("delete-form", HTMLFormElement);
/** @type {string | null} The id of the user whose account is shown. */
let shown = null;
let isDeleting = false;
/** @type {SignedOutReason | null} Why the session ended while the account was being deleted. */
let endedMeanwhile = null;

/** Shows the account of the user who is signed in. */
async function start() {
  let user;
  try {
    user = await client.ready();
  } catch (error) {
    byId("why").textContent = inWords(isRefusal(error) ? error : {});
    show("unreachable", { focus: false });
    throw error;
  }
  if (!user) return signIn();
  if (shown === user.id) return;
  const isFirst = shown === null;
  shown = user.id;
  showUser(user);
  // The page is shown only when it is complete, so that its content does not move while somebody
  // reads it.
  await Promise.all([showSessions(), showGrants(showSessions)]);
  if (shown === user.id)
    show("account", { focus: !isFirst || document.activeElement !== document.body });
  if (isFirst) openAskedSection();
}

const signIn = () => {
  const back = encodeURIComponent(`/account${location.hash}`);
  location.replace(`/sign-in?return_to=${back}`);
};

/** Opens the section that the URL names. Password managers send people to `#change-password`. */
function openAskedSection() {
  if (location.hash !== "#change-password") return;
  byId("change-password", HTMLDetailsElement).open = true;
  byId("current-password").focus();
}

/** @param {User} user */
function showUser(user) {
  byId("who").textContent = nameOf(user);
  byId("address").textContent = user.email;
  byId("verified").textContent = user.email_verified
    ? words.account.verified
    : words.account.not_verified;
  byId("verified").dataset.state = user.email_verified ? "good" : "fair";
  byId("unverified").hidden = user.email_verified;
  byId("roles").replaceChildren(
    ...user.roles.flatMap((role) => [make("span", { className: "chip", textContent: role }), " "]),
  );
  if (user.roles.length === 0) byId("roles").textContent = words.account.no_roles;
  byId("user-id").textContent = user.id;
  for (const input of all("input.username")) input.setAttribute("value", user.email);
}

client.addEventListener("renewed", ({ detail }) => showUser(detail.user));
// The client dispatches this event when it has found a session: while `start` waits for `ready()`,
// when a later attempt succeeds after a failed one, or when somebody has signed in in another tab.
// `start` does nothing more if the account of this user is shown already.
client.addEventListener("signed-in", () => {
  endedMeanwhile = null;
  void start().catch(rethrowFault);
});
client.addEventListener("signed-out", ({ detail }) => {
  // If the deletion succeeds, the page says so instead.
  if (isDeleting) endedMeanwhile = detail.reason;
  else showEnded(detail.reason);
});

/** @param {SignedOutReason} reason */
function showEnded(reason) {
  if (shown === null) return signIn();
  shown = null;
  // If another user signs in in another tab, this page shows that user's account. So nothing that
  // this user has typed may stay.
  for (const form of [passwordForm, emailForm, deleteForm]) form.reset();
  byId("how").textContent = ENDED[reason] ?? words.account.ended_session;
  show("signed-out");
}

onClick(byId("again"), start, byId("why"));
onClick(
  byId("sign-out"),
  async () => {
    try {
      await client.logout();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      byId("how").textContent = words.account.not_told;
    }
  },
  null,
);

onClick(
  byId("resend"),
  async () => {
    const email = client.user?.email ?? "";
    await client.requestEmailVerification(email);
    return fill(words.account.resent, { address: email });
  },
  byId("resent"),
);

const newPassword = passwordField(inputOf(passwordForm, "new_password"), {
  show: words.account.show_new,
  hide: words.account.hide_new,
});
onSubmit(passwordForm, async () => {
  const current = inputOf(passwordForm, "current_password");
  isGiven(current, words.password.current_missing);
  newPassword.isGiven();
  if (!isComplete(passwordForm)) return;
  try {
    await client.changePassword({
      current_password: current.value,
      new_password: newPassword.value,
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.code === "weak_password" || isAbout(error, "new_password"))
      return newPassword.refuse(error);
    return refuseCurrent(current, error);
  }
  finish(passwordForm, words.account.password_changed);
  await showSessions();
});

onSubmit(emailForm, async () => {
  const [email, current] = [inputOf(emailForm, "email"), inputOf(emailForm, "current_password")];
  const address = addressIn(email);
  isGiven(current, words.password.current_missing);
  if (!isComplete(emailForm)) return;
  try {
    await client.changeEmail({ email: address, current_password: current.value });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [wrong] = error.errors ?? [];
    if (wrong?.reason === "unchanged") return refuse(email, words.account.same_email);
    if (isAbout(error, "email")) return refuseAddress(email);
    return refuseCurrent(current, error);
  }
  finish(emailForm, fill(words.account.email_sent, { address }));
});

onSubmit(deleteForm, async () => {
  const current = inputOf(deleteForm, "current_password");
  isGiven(current, words.password.current_missing);
  if (!isComplete(deleteForm)) return;
  isDeleting = true;
  endedMeanwhile = null;
  try {
    await client.deleteAccount({ current_password: current.value });
  } catch (error) {
    isDeleting = false;
    const ended = /** @type {SignedOutReason | null} */ (endedMeanwhile);
    if (ended) showEnded(ended);
    if (!isRefusal(error)) throw error;
    return ended ? undefined : refuseCurrent(current, error);
  }
  deleteForm.reset();
  show("deleted");
});

for (const form of [passwordForm, emailForm, deleteForm]) {
  const { show_current, hide_current } = words.account;
  reveal(inputOf(form, "current_password"), { show: show_current, hide: hide_current });
  form.addEventListener("input", () => say(byId("changed"), ""));
}

/**
 * @param {HTMLInputElement} input
 * @param {import("/edgegate/client/index.js").EdgegateError} error
 */
function refuseCurrent(input, error) {
  if (error.code !== "invalid_credentials" && !isAbout(error, "current_password")) throw error;
  refuse(input, words.password.current_wrong);
  input.select();
}

/**
 * Shows a text that says what was done, and closes the form. The focus moves to the element with
 * which the user opened the form.
 *
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function finish(form, text) {
  form.reset();
  byId("changed").textContent = text;
  const details = form.closest("details");
  if (!details) return;
  details.open = false;
  first(details, "summary").focus();
}

/**
 * Throws an error again if it is a fault of the page itself, so that it appears in the browser's
 * console. All other errors come from the service or from the npm package; the page has already
 * shown them to the user.
 *
 * @param {unknown} error
 */
function rethrowFault(error) {
  if (!isRefusal(error)) throw error;
}

setTimeout(() => say(byId("loading"), words.account.loading), 500);
start().catch(rethrowFault);
