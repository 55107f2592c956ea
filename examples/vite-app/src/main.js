// A single-page app that signs in, stays signed in after a reload, and shows what the user's roles
// allow.
import { AuthClient, Verifier } from "edgegate";

// The address of your edgegate. edgegate must be on the same site as this page, and its setting
// ALLOWED_ORIGINS must contain the origin of this page.
const issuer = import.meta.env.VITE_EDGEGATE ?? "http://127.0.0.1:8787";
const auth = new AuthClient({ url: issuer });
const verifier = Verifier.fromIssuer(issuer, { audience: "edgegate" });

const $ = (id) => document.getElementById(id);

async function show() {
  const { user } = auth;
  $("sign-in").hidden = user !== null;
  $("signed-in").hidden = user === null;
  $("status").textContent = "";
  if (!user) return;
  $("who").textContent = user.email;
  // A check in the browser decides only what the page shows. The server decides what is allowed.
  $("admin").hidden = !(await verifier.isAuthorizedByRole(await auth.accessToken(), ["admin"]));
}

const run = (work) =>
  work().catch((error) => ($("status").textContent = `${error.code}: ${error.message}`));

auth.addEventListener("signed-in", () => run(show));
auth.addEventListener("signed-out", () => run(show));
$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  run(() =>
    auth.login({ email: String(form.get("email")), password: String(form.get("password")) }),
  );
});
$("sign-out").addEventListener("click", () => run(() => auth.logout()));

run(async () => {
  await auth.ready();
  await show();
});
