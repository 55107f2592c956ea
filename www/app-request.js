// Stores the request of an app that wants somebody to sign in.
//
// The service seals the request (it adds a MAC, so that nobody can change the request) and
// redirects the browser to one of these pages, with the request in the URL's fragment. The page
// moves the request from the URL into the state of its entry in the tab's history
// (`history.state`). So a bookmark of the page does not contain the request, but after a reload or
// the back button the page still has it.
//
// When somebody asks for a mail, the request is also put into local storage for an hour, under a
// random id. The link in the mail contains this id. So the page that the link opens in another tab
// can find the request and lead the user to the app.
import { forgetText, readText, storedNames, storeText } from "./storage.js";

const KEPT = "edgegate:request:";
const KEPT_MS = 3_600_000;
const MOST_KEPT = 10;
const ID = /^[A-Za-z0-9_-]{22}$/;

/**
 * Returns the request of the app that sent the user to this page, or "" if the user did not come
 * from an app. `isOther` is true if the user wants to sign in with another account than the current
 * one.
 *
 * @returns {{request: string, isOther: boolean}}
 */
export function takeAppRequest() {
  const given = new URLSearchParams(location.hash.slice(1));
  const request = given.get("request");
  if (request !== null) {
    const state = { request, isOther: given.has("other") };
    history.replaceState(state, "", location.pathname + location.search);
  }
  // If the app sends the user here again in this tab, it is possible that the URL differs only in
  // its fragment. In that case the browser does not load the page again, so this listener does.
  addEventListener("hashchange", () => location.hash && location.reload());
  const { request: taken = "", isOther = false } = history.state ?? {};
  return { request: `${taken}`, isOther: Boolean(isOther) };
}

/**
 * The URL of another page, with the app's request in its fragment, and with the language that the
 * app asked for.
 *
 * @param {string} path
 * @param {string} request
 * @param {{isOther?: boolean}} [options]
 */
export function withAppRequest(path, request, { isOther = false } = {}) {
  const locales = new URLSearchParams(location.search).get("ui_locales");
  const search = locales === null ? "" : `?${new URLSearchParams({ ui_locales: locales })}`;
  const fragment = new URLSearchParams({ request });
  if (isOther) fragment.set("other", "");
  return `${path}${search}#${fragment}`;
}

/**
 * Stores the app's request for the page that a mailed link will open. The caller adds the returned
 * members to the body with which it asks the service for the mail. A page must use the same `id`
 * for all mails that it asks for, so that the link in each mail leads to the app.
 *
 * @param {string} request
 * @param {string} id a result of `newId`
 * @returns {{request_id?: string}}
 */
export function keepForMail(request, id) {
  if (!request) return {};
  const kept = keptRequests().filter(({ name }) => name !== KEPT + id);
  for (const { name } of kept.slice(MOST_KEPT - 1)) forget(name);
  const until = Date.now() + KEPT_MS;
  storeText(() => localStorage, KEPT + id, JSON.stringify({ request, until }));
  // The id is sent even if the browser could not store the request. The id tells the page behind
  // the link that the user came from an app. That page then asks the user to go back to the app.
  return { request_id: id };
}

/** 16 random bytes as base64url. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Finds the app's request with the id in the link of a mail. Returns null if the link has no id,
 * because the user did not come from an app. Returns "" if this browser does not have the request,
 * or no longer has it: a request is deleted after an hour, when ten newer ones are stored, and by
 * `forgetAppRequest`.
 */
export function mailedAppRequest(search = location.search) {
  const id = new URLSearchParams(search).get("request_id");
  if (id === null || !ID.test(id)) return null;
  return keptRequests().find(({ name }) => name === KEPT + id)?.request ?? "";
}

/**
 * Removes the request from storage. Call this when the app gets its answer, or when the request is
 * no longer valid.
 *
 * @param {string} request
 */
export function forgetAppRequest(request) {
  for (const kept of keptRequests()) if (kept.request === request) forget(kept.name);
}

/**
 * The requests that were stored in the last hour, the newest first. Older requests are removed from
 * storage.
 */
function keptRequests() {
  return storedNames(() => localStorage)
    .filter((name) => name.startsWith(KEPT))
    .flatMap((name) => {
      const kept = read(name);
      if (!kept) forget(name);
      return kept ? { name, ...kept } : [];
    })
    .sort((one, other) => other.until - one.until);
}

/** @param {string} name */
function read(name) {
  try {
    const { request, until } = JSON.parse(readText(() => localStorage, name) ?? "{}");
    const isKept = until > Date.now() && until <= Date.now() + KEPT_MS;
    return isKept && typeof request === "string" ? { request, until: Number(until) } : null;
  } catch {
    // The stored text was not written by these pages.
    return null;
  }
}

/** @param {string} name */
const forget = (name) => forgetText(() => localStorage, name);
