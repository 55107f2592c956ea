// The account of whoever is signed in: who they are, where they are signed in, and what they may change.
import { showSessions } from "./account-sessions.js";
import { byId, make, say } from "./dom.js";
import { addressIn, isGiven, onClick, onSubmit, refuse, refuseAddress, show } from "./form.js";
import { passwordField } from "./password-field.js";
import { reveal } from "./password-reveal.js";
import { client, nameOf } from "./session.js";
import { inWords } from "./words.js";

const ENDED = {
  logout: "This device is signed out. Others go on as they were.",
  other_tab: "You signed out in another tab.",
  other_user: "Somebody else signed in in this browser.",
  account_deleted: "The account was deleted in another tab.",
  session_ended:
    "Your session has ended: it was ended from another device, the password was changed, or it was not used for long.",
};
const NOT_TOLD =
  "This device is signed out here, but the service could not be told yet. Keep this page open: it is told as soon as it answers.";

const passwordForm = byId("password-form");
const emailForm = byId("email-form");
const deleteForm = byId("delete-form");
let shown = null;
let deleting = false;

/** Shows the account of whoever is signed in. */
async function start() {
  let user;
  try {
    user = await client.ready();
  } catch (error) {
    byId("why").textContent = inWords(error);
    show("unreachable", { focus: false });
    throw error;
  }
  if (!user) return signIn();
  if (shown === user.id) return;
  const first = shown === null;
  shown = user.id;
  showUser(user);
  // First what is to be shown, then the page: nothing is pushed away while somebody reads.
  await showSessions();
  if (shown === user.id)
    show("account", { focus: !first || document.activeElement !== document.body });
}

const signIn = () => location.replace("/sign-in?return_to=%2Faccount");

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
  passwordForm.querySelector(".username").value = user.email;
}

client.addEventListener("renewed", ({ detail }) => showUser(detail.user));
// Another tab, or an answer at last after the first tries failed.
client.addEventListener("signed-in", () => start().catch(() => {}));
client.addEventListener("signed-out", ({ detail }) => {
  if (deleting) return;
  if (shown === null) return signIn();
  shown = null;
  byId("how").textContent = ENDED[detail.reason] ?? ENDED.session_ended;
  show("signed-out");
});

onClick(byId("again"), start, (text) => text && (byId("why").textContent = text));
onClick(
  byId("sign-out"),
  async () => {
    try {
      await client.logout();
    } catch (error) {
      if (error.name !== "EdgegateError") throw error;
      byId("how").textContent = NOT_TOLD;
    }
  },
  () => {},
);

onClick(
  byId("resend"),
  async () => {
    const { email } = client.user;
    await client.requestEmailVerification(email);
    return `A mail is on its way to ${email}. If none comes, an earlier link may still work.`;
  },
  (text) => say(byId("resent"), text),
);

const newPassword = passwordField(passwordForm.elements.new_password);
onSubmit(passwordForm, async () => {
  const { current_password: current } = passwordForm.elements;
  if (!isGiven(current, "Type your current password.") || !newPassword.isGiven()) return;
  try {
    await client.changePassword({
      current_password: current.value,
      new_password: newPassword.value,
    });
  } catch (error) {
    if (error.code === "weak_password" || isAbout(error, "new_password"))
      return newPassword.refuse(error);
    return refuseCurrent(current, error);
  }
  finish(passwordForm, "Your password is changed. All your other devices are signed out.");
  await showSessions();
});

onSubmit(emailForm, async () => {
  const { email, current_password: current } = emailForm.elements;
  const address = addressIn(email);
  if (address === null || !isGiven(current, "Type your current password.")) return;
  try {
    await client.changeEmail({ email: address, current_password: current.value });
  } catch (error) {
    const [wrong] = error.errors ?? [];
    if (wrong?.reason === "unchanged") return refuse(email, "This is your address already.");
    if (isAbout(error, "email")) return refuseAddress(email);
    return refuseCurrent(current, error);
  }
  finish(
    emailForm,
    `A mail is on its way to ${address}. Your address changes when you open the link in it.`,
  );
});

onSubmit(deleteForm, async () => {
  const { current_password: current } = deleteForm.elements;
  if (!isGiven(current, "Type your current password.")) return;
  deleting = true;
  try {
    await client.deleteAccount({ current_password: current.value });
  } catch (error) {
    deleting = false;
    return refuseCurrent(current, error);
  }
  deleteForm.reset();
  show("deleted");
});

for (const form of [passwordForm, emailForm, deleteForm]) {
  reveal(form.elements.current_password);
  for (const input of form.querySelectorAll("[aria-describedby]"))
    input.addEventListener("input", () => refuse(input));
}

const isAbout = (error, field) =>
  error.code === "invalid_field" && error.errors?.some((wrong) => wrong.field === field);

function refuseCurrent(input, error) {
  if (error.code !== "invalid_credentials" && !isAbout(error, "current_password")) throw error;
  refuse(input, "This is not your current password.");
  input.select();
}

/** Says what was done, closes the form and leaves the focus at what opened it. */
function finish(form, text) {
  form.reset();
  byId("changed").textContent = text;
  form.parentElement.open = false;
  form.parentElement.querySelector("summary").focus();
}

setTimeout(() => say(byId("loading"), "Reading your account…"), 500);
start().catch(() => {});
