// Asks the service for the details of an app's request, and later sends the browser back to the app
// with the answer. The pages for signing in and for consent share this module.
import { forgetAppRequest } from "./app-request.js";
import { post } from "./ask-service.js";
import { byId, make } from "./dom.js";
import { inWords, isRefusal } from "./failures.js";
import { onClick, show } from "./form.js";
import { language, words } from "./words.js";

/**
 * @typedef {object} Asked
 * @property {{client_id: string, name: string, host: string, first_party: boolean}} client
 * @property {string[]} scopes
 * @property {{uri: string, name: string} | null} resource
 * @property {string | null} login_hint
 * @property {string | null} ui_locales
 * @property {{id: string, email: string} | null} user The user who is signed in.
 * @property {"sign_in" | "consent" | "continue" | "done"} next
 */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;
const ABOUT = "/auth/authorize/request";
// URLs with these schemes don't open an app. They would run a script in this page, or show
// something else in place of the page.
const NO_APPS = ["about:", "blob:", "data:", "file:", "filesystem:", "javascript:", "view-source:"];

/**
 * Returns a function that asks the service about the app's request, and calls `follow` with the
 * answer. If the request is no longer valid, or if the service does not answer, the function shows
 * a message instead.
 *
 * @param {string} request
 * @param {(asked: Asked) => void | Promise<void>} follow
 */
export function appPage(request, follow) {
  let latest = 0;
  const go = async () => {
    latest += 1;
    const mine = latest;
    try {
      const asked = /** @type {Asked} */ (await post(ABOUT, { request }));
      // If the page has asked the service again meanwhile (for example after a sign-in), only the
      // answer to the last call is used.
      if (mine !== latest || changeLanguage(asked)) return;
      await follow(asked);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.code === "invalid_request" && (await isOver(request))) {
        forgetAppRequest(request);
        return show("expired");
      }
      byId("why").textContent = inWords(error);
      show("unreachable");
    }
  };
  onClick(byId("retry"), go, null);
  return go;
}

/**
 * Whether the service rejects the app's request because the request is no longer valid. The service
 * uses the same error code for a cookie that it can't read. So this function asks again without
 * cookies: if the service still answers with this error, the request is the cause.
 *
 * @param {string} request
 */
async function isOver(request) {
  try {
    await post(ABOUT, { request }, "omit");
    return false;
  } catch (error) {
    return isRefusal(error) && error.code === "invalid_request";
  }
}

/**
 * Sends the browser to the app with the user's decision. Resolves to false if nobody is signed in,
 * if the app requires that the user signs in again or with another account, or if the user who is
 * signed in is not the user whom the page showed. In these cases the caller should ask the service
 * about the request again.
 *
 * @param {string} request
 * @param {Asked} asked
 * @param {boolean} allow
 */
export async function answerApp(request, { client, user }, allow) {
  let redirect;
  try {
    const body = { request, user_id: user?.id, allow };
    ({ redirect } = /** @type {{redirect: string}} */ (
      await post("/auth/authorize/decision", body)
    ));
  } catch (error) {
    /** @type {string} */
    const code = isRefusal(error) ? error.code : "";
    if (["other_user", "sign_in_required"].includes(code)) return false;
    throw error;
  }
  const { protocol } = new URL(redirect);
  if (NO_APPS.includes(protocol)) throw new Error(`An app at ${protocol}`);
  forgetAppRequest(request);
  location.replace(redirect);
  // If the scheme is not HTTP, the browser opens an app on this device, and this page stays open.
  // So this page tells the user to continue in the app.
  if (!/^https?:$/.test(protocol)) {
    byId("left-title").replaceChildren(...phrase(words.apps.left, { app: nameOfApp(client) }));
    byId("open", HTMLAnchorElement).href = redirect;
    show("left");
  }
  return true;
}

/**
 * An element with the name that an app has given itself. It is a `bdi` element, in which the name
 * can't change the direction of the text around it.
 *
 * @param {Asked["client"]} client
 */
export const nameOfApp = ({ name }) => make("bdi", { textContent: name });

/**
 * An element that says where the browser will go: the app's host, or "this device" if the host is a
 * loopback address such as `127.0.0.1`, which most people would not understand.
 *
 * @param {Asked["client"]} client
 */
export function placeOfApp({ host }) {
  const text = !host || LOOPBACK.test(host) ? words.apps.this_device : host;
  return make("strong", { dir: "ltr", textContent: text });
}

/**
 * Splits a text into parts and replaces each `{name}` with the element of that name.
 *
 * @param {string} text
 * @param {Record<string, Node>} elements
 * @returns {(string | Node)[]}
 */
export const phrase = (text, elements) =>
  text
    .split(/\{(\w+)\}/)
    .map((part, place) => (place % 2 === 1 ? (elements[part]?.cloneNode(true) ?? part) : part));

/**
 * If the app asked for another language than the page has, loads the page again in that language.
 * The page is loaded again at most once. Returns whether it will be loaded again.
 *
 * @param {Asked} asked
 */
function changeLanguage({ ui_locales }) {
  const parameters = new URLSearchParams(location.search);
  if (!ui_locales || parameters.has("ui_locales")) return false;
  const [first] = ui_locales.split(" ");
  if (first.toLowerCase().split("-")[0] === language) return false;
  parameters.set("ui_locales", ui_locales);
  history.replaceState(history.state, "", `${location.pathname}?${parameters}`);
  location.reload();
  return true;
}
