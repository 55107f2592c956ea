// The account of the user who is signed in: who they are, where they are signed in, and what they
// can change.
/** @import { SignedOutReason, User } from "/edgegate/client/index.js" */
import { showSessions } from "./account-sessions.js";
import { byId, first, inputOf, make, say } from "./dom.js";
import { addressIn, isGiven, onClick, onSubmit, refuse, refuseAddress, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { reveal } from "./password-reveal.js";
import { client, nameOf } from "./session.js";
import { inWords, isRefusal } from "./words.js";

const SESSION_ENDED =
  "Your session has ended: you ended it on another device, the password was changed, or the session was not used for a long time.";
/** @type {Record<SignedOutReason, string>} */
const ENDED = {
  logout: "This device is signed out. Your other devices stay signed in.",
  other_tab: "You signed out in another tab.",
  other_user: "Somebody else signed in in this browser.",
  account_deleted: "The account was deleted in another tab.",
  session_ended: SESSION_ENDED,
  no_session: SESSION_ENDED,
};
const NOT_TOLD =
  "You are signed out on this page, but the service can’t be reached now. Keep this page open: it ends your session as soon as the service answers.";

const passwordForm = byId("password-form", HTMLFormElement);
const emailForm = byId("email-form", HTMLFormElement);
const deleteForm = byId("delete-form", HTMLFormElement);
/** @type {string | null} The id of the user whose account is shown. */
let shown = null;
let isDeleting = false;

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
  // The page appears when it is complete, so that nothing moves while somebody reads.
  await showSessions();
  if (shown === user.id)
    show("account", { focus: !isFirst || document.activeElement !== document.body });
  if (isFirst) openAskedSection();
}

const signIn = () => {
  const back = encodeURIComponent(`/account${location.hash}`);
  location.replace(`/sign-in?return_to=${back}`);
};

/** Password managers send people to `#change-password`. */
function openAskedSection() {
  if (location.hash !== "#change-password") return;
  byId("change-password", HTMLDetailsElement).open = true;
  byId("current-password").focus();
}

/** @param {User} user */
function showUser(user) {
  byId("who").textContent = nameOf(user);
  byId("address").textContent = user.email;
  byId("verified").textContent = user.email_verified ? "Verified" : "Not verified";
  byId("verified").dataset.state = user.email_verified ? "good" : "fair";
  byId("unverified").hidden = user.email_verified;
  byId("roles").replaceChildren(
    ...user.roles.flatMap((role) => [make("span", { className: "chip", textContent: role }), " "]),
  );
  if (user.roles.length === 0) byId("roles").textContent = "None";
  byId("user-id").textContent = user.id;
  first(passwordForm, ".username", HTMLInputElement).value = user.email;
}

client.addEventListener("renewed", ({ detail }) => showUser(detail.user));
// Another tab has signed in, or the first attempts failed and one has now succeeded.
client.addEventListener("signed-in", () => void start().catch(() => {}));
client.addEventListener("signed-out", ({ detail }) => {
  if (isDeleting) return;
  if (shown === null) return signIn();
  shown = null;
  byId("how").textContent = ENDED[detail.reason] ?? SESSION_ENDED;
  show("signed-out");
});

onClick(byId("again"), start, (text) => {
  if (text) byId("why").textContent = text;
});
onClick(
  byId("sign-out"),
  async () => {
    try {
      await client.logout();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      byId("how").textContent = NOT_TOLD;
    }
  },
  () => {},
);

onClick(
  byId("resend"),
  async () => {
    const email = client.user?.email ?? "";
    await client.requestEmailVerification(email);
    return `A mail is on its way to ${email}. If none comes, an earlier link may still work.`;
  },
  (text) => say(byId("resent"), text),
);

const newPassword = passwordField(inputOf(passwordForm, "new_password"));
onSubmit(passwordForm, async () => {
  const current = inputOf(passwordForm, "current_password");
  if (!isGiven(current, "Type your current password.") || !newPassword.isGiven()) return;
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
  finish(passwordForm, "Your password is changed. All your other devices are signed out.");
  await showSessions();
});

onSubmit(emailForm, async () => {
  const [email, current] = [inputOf(emailForm, "email"), inputOf(emailForm, "current_password")];
  const address = addressIn(email);
  if (address === null || !isGiven(current, "Type your current password.")) return;
  try {
    await client.changeEmail({ email: address, current_password: current.value });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [wrong] = error.errors ?? [];
    if (wrong?.reason === "unchanged") return refuse(email, "This is already your address.");
    if (isAbout(error, "email")) return refuseAddress(email);
    return refuseCurrent(current, error);
  }
  finish(
    emailForm,
    `A mail is on its way to ${address}. Your address changes when you open the link in it.`,
  );
});

onSubmit(deleteForm, async () => {
  const current = inputOf(deleteForm, "current_password");
  if (!isGiven(current, "Type your current password.")) return;
  isDeleting = true;
  try {
    await client.deleteAccount({ current_password: current.value });
  } catch (error) {
    isDeleting = false;
    if (!isRefusal(error)) throw error;
    return refuseCurrent(current, error);
  }
  deleteForm.reset();
  show("deleted");
});

for (const form of [passwordForm, emailForm, deleteForm]) {
  reveal(inputOf(form, "current_password"));
  /** @type {NodeListOf<HTMLInputElement>} */
  const inputs = form.querySelectorAll("input[aria-describedby]");
  for (const input of inputs) input.addEventListener("input", () => refuse(input));
}

/**
 * @param {import("/edgegate/client/index.js").EdgegateError} error
 * @param {string} field
 */
const isAbout = (error, field) =>
  error.code === "invalid_field" && error.errors?.some((wrong) => wrong.field === field);

/**
 * @param {HTMLInputElement} input
 * @param {import("/edgegate/client/index.js").EdgegateError} error
 */
function refuseCurrent(input, error) {
  if (error.code !== "invalid_credentials" && !isAbout(error, "current_password")) throw error;
  refuse(input, "This is not your current password.");
  input.select();
}

/**
 * Says what was done, and closes the form. The focus moves to the element that opened it.
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

setTimeout(() => say(byId("loading"), "Reading your account…"), 500);
start().catch(() => {});
