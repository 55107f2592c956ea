// A page whose users sign in at an edgegate on another site. They stay signed in after a reload,
// and can sign out.
import { RedirectClient } from "/edgegate/redirect/index.js";

const { issuer, clientId } = await (await fetch("/config.json")).json();
const auth = new RedirectClient({ issuer, clientId, redirectUri: "/callback" });

const $ = (id) => document.getElementById(id);

function show({ status, user }) {
  $("status").textContent = { unknown: "Loading", signed_in: "", signed_out: "Signed out" }[status];
  $("sign-in").hidden = status !== "signed_out";
  $("signed-in").hidden = user === null;
  $("who").textContent = user?.email ?? "";
}

const run = (work) =>
  work().catch((error) => {
    $("problem").textContent = `${error.code}: ${error.reason ?? error.message}`;
  });

auth.subscribe(show);
$("sign-in").addEventListener("click", () => run(() => auth.signInWithRedirect()));
$("sign-out").addEventListener("click", () => run(() => auth.signOut()));
$("sign-out-everywhere").addEventListener("click", () =>
  run(() => auth.signOut({ endSession: true })),
);
$("renew").addEventListener("click", () =>
  run(async () => {
    const [, claims] = (await auth.accessToken()).split(".");
    const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    $("status").textContent =
      `The access token is valid until ${new Date(exp * 1000).toISOString()}`;
  }),
);

// Handles the answer of edgegate after a sign-in. If there is no answer, `subscribe` asks edgegate
// for the session.
run(() => auth.handleRedirect());
show(auth.getSnapshot());
