// The script of the home page. (The page also works without the script.) The script shows the
// status of the service and the user who is signed in. It also inserts this origin into the code
// examples and adds buttons to copy them.
/** @import { User } from "/edgegate/client/index.js" */
import { addCopyButtons, fillIn } from "./copy.js";
import { all, byId, ready } from "./dom.js";
import { isLoopback } from "./loopback.js";
import { client, nameOf } from "./session.js";
import { fill, words } from "./words.js";

/**
 * @param {"good" | "bad"} state
 * @param {string} text
 */
function show(state, text) {
  byId("status").dataset.state = state;
  byId("status-text").textContent = text;
}

async function checkHealth() {
  try {
    const response = await fetch("/healthz", {
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) {
      show("good", words.home.healthy);
      return;
    }
    const problem = await response.json().catch(() => ({}));
    show(
      "bad",
      problem.code === "misconfigured"
        ? words.home.misconfigured
        : fill(words.home.not_healthy, { code: problem.code ?? response.status }),
    );
  } catch {
    show("bad", words.home.not_reachable);
  }
}

/** @param {User | null} user */
function showUser(user) {
  if (user) byId("who").textContent = nameOf(user);
  byId("signed-in").hidden = !user;
  byId("signed-out").hidden = Boolean(user);
}

addCopyButtons();
fillIn({ origin: location.origin });
for (const place of all(".only-local")) place.hidden = !isLoopback;
for (const event of ["signed-in", "signed-out"])
  client.addEventListener(event, () => showUser(client.user));
checkHealth();
ready();
// If the client can't find out who is signed in, the page keeps showing the link to sign in.
client.ready().then(showUser, () => {});
