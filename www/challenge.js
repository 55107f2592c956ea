// Shows Cloudflare Turnstile's widget, which checks that the user is human, and takes the token
// that the widget makes. The check is active only if the setting TURNSTILE_SITE_KEY is set, because
// in that case the Worker writes the site key into the page.
import { byId, make } from "./dom.js";
import { isAbout } from "./failures.js";
import { language, words } from "./words.js";

/**
 * @typedef {object} Turnstile The global object of Turnstile's script.
 * @property {(place: HTMLElement, options: object) => string} render
 * @property {(id: string) => void} reset
 * @property {(id: string) => void} remove
 */

const SCRIPT = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";

const box = byId("challenge");
const problem = byId("challenge-error");
const { siteKey } = box.dataset;
let token = "";
let isBlocked = false;
/** @type {string | undefined} */
let widget;

/**
 * Returns the members that must be sent in addition to the form's fields. A token is valid only
 * once, so the widget is reset and makes a new token for the next attempt.
 */
export function takeChallenge() {
  problem.textContent = "";
  if (!token) return {};
  const challenge = token;
  token = "";
  if (widget !== undefined) turnstile()?.reset(widget);
  return { challenge };
}

/**
 * Whether the form can be sent. If the user has not completed Turnstile's check yet, shows a
 * message and returns false.
 */
export function isMet() {
  // If Turnstile's script did not load, the form is sent without a token, and the service decides.
  if (!siteKey || token || isBlocked) return true;
  problem.textContent = words.form.challenge;
  return false;
}

/**
 * If the service did not accept the token, shows a message and returns true. Returns false if the
 * failure has another cause, or if the check is not active.
 *
 * @param {import("./failures.js").Failure} failure
 */
export function isRefusedChallenge(failure) {
  if (!siteKey || !isAbout(failure, "challenge")) return false;
  problem.textContent = isBlocked ? words.form.challenge_blocked : words.form.challenge;
  return true;
}

/**
 * Shows the widget in another element instead.
 *
 * @param {HTMLElement} place
 */
export function moveChallenge(place) {
  const vendor = turnstile();
  if (widget === undefined || !vendor) return;
  problem.textContent = "";
  vendor.remove(widget);
  render(vendor, place);
}

const turnstile = () => /** @type {{turnstile?: Turnstile}} */ (globalThis).turnstile;

/**
 * @param {Turnstile} vendor
 * @param {HTMLElement} place
 */
function render(vendor, place) {
  token = "";
  widget = vendor.render(place, {
    sitekey: siteKey,
    language,
    callback: (/** @type {string} */ made) => {
      token = made;
      problem.textContent = "";
    },
    "expired-callback": () => {
      token = "";
    },
    // No message is needed here, because the widget itself tells the user what is wrong.
    "error-callback": () => {
      token = "";
    },
  });
}

function load() {
  const script = make("script", { src: SCRIPT, async: true });
  const blocked = () => {
    isBlocked = true;
    box.hidden = true;
    problem.textContent = words.form.challenge_blocked;
  };
  script.addEventListener("error", blocked);
  script.addEventListener("load", () => {
    const vendor = turnstile();
    if (vendor) render(vendor, box);
    else blocked();
  });
  document.head.append(script);
}

if (siteKey) load();
