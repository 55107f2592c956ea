// Shows which apps have access to the account. Each app has a button to withdraw its access.
import { allowedBy } from "./app-scopes.js";
import { jsonOf } from "./ask-service.js";
import { byId, make, say } from "./dom.js";
import { inWords, isRefusal } from "./failures.js";
import { onClick } from "./form.js";
import { client } from "./session.js";
import { fill, language, words } from "./words.js";

/**
 * @typedef {object} Grant What the user has allowed an app to do.
 * @property {string} id
 * @property {string} client_id
 * @property {string} name
 * @property {string[]} scopes
 * @property {string | null} resource
 * @property {number} given_at
 */

const card = byId("apps-card");
const list = byId("apps");
const problem = byId("apps-problem");
/** Runs after the user has withdrawn an app's access, which also ends the app's sessions. */
let afterwards = async () => {};

/**
 * Asks the service which apps have access, and shows them. If no app has access, the page does not
 * show this section. `withdrawn` is called after the user has withdrawn an app's access.
 *
 * @param {() => Promise<void>} withdrawn
 */
export async function showGrants(withdrawn) {
  afterwards = withdrawn;
  say(problem, "");
  byId("apps-again").hidden = true;
  try {
    const answer = /** @type {{grants?: Grant[]}} */ (
      await jsonOf(await client.fetch("/auth/grants"))
    );
    const grants = answer.grants ?? [];
    card.hidden = grants.length === 0;
    list.replaceChildren(...grants.map(entry));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // The error `not_found` means that the service does not have this route, so no app can have
    // access.
    card.hidden = client.status === "signed_out" || error.code === "not_found";
    say(problem, inWords(error));
    byId("apps-again").hidden = client.status === "signed_out";
  }
}

/** @param {Grant} grant */
function entry(grant) {
  const { scopes, resource, given_at } = grant;
  const name = appNamed(grant.name);
  const since = new Date(given_at * 1000);
  const time = make("time", {
    dateTime: since.toISOString(),
    title: since.toLocaleString(language),
    textContent: since.toLocaleDateString(language, { dateStyle: "medium" }),
  });
  const [before, after = ""] = words.apps.since.split("{time}");
  const details = make("span", { className: "soft" }, before, time, after);
  const allowed = scopes.map((scope) => allowedBy(scope) ?? scope);
  for (const text of [...allowed, resource])
    if (text) details.append(" · ", make("bdi", { textContent: text }));
  const item = make(
    "li",
    {},
    make("div", {}, make("strong", {}, make("bdi", { textContent: name })), details),
  );
  item.append(withdrawButton(grant.id, name, item));
  return item;
}

/**
 * The name of an app, as the page shows it. The name of an app that is not registered at this
 * service is the URL of a document that describes the app. The page shows only the host of this
 * URL.
 *
 * @param {string} name
 */
export const appNamed = (name) => /^https:\/\/([^/]+)\//.exec(name)?.[1] ?? name;

/**
 * @param {string} id
 * @param {string} name
 * @param {HTMLLIElement} item
 */
function withdrawButton(id, name, item) {
  const { withdraw, withdrawing, withdraw_this, withdrawn } = words.apps;
  const button = make("button", { type: "button", className: "quiet", textContent: withdraw });
  button.dataset.busy = withdrawing;
  button.setAttribute("aria-label", fill(withdraw_this, { app: name }));
  onClick(
    button,
    async () => {
      try {
        const path = `/auth/grants/${encodeURIComponent(id)}`;
        await jsonOf(await client.fetch(path, { method: "DELETE" }));
      } catch (error) {
        // The error `not_found` means that the access was withdrawn already. The user wanted that,
        // so it is not an error here.
        if (!isRefusal(error) || error.code !== "not_found") throw error;
      }
      // The button that has the focus disappears with its item. So the focus moves to the next
      // item's button or, if this was the last item, to the heading.
      const next = item.nextElementSibling?.querySelector("button") ?? byId("apps-title");
      item.remove();
      next.focus();
      say(byId("apps-said"), fill(withdrawn, { app: name }));
      await afterwards();
    },
    problem,
  );
  return button;
}

onClick(byId("apps-again"), () => showGrants(afterwards), null);
