// How long a token is still valid, as a countdown.
import { byId, say } from "./dom.js";

/** @typedef {import("./console-claims.js").Json} Json */

const box = byId("life");
const bar = byId("left", HTMLProgressElement);
const words = byId("expiry");
/** @type {{exp: number, iat: unknown} | null} */
let claims = null;
/** @type {number | undefined} */
let ticking;

/**
 * Shows the life of the token with these claims; hides it if there is none. Calls `over` when the
 * token expires.
 *
 * @param {Json | null} of
 * @param {() => void} [over]
 */
export function showLife(of, over) {
  clearInterval(ticking);
  const { exp, iat } = of ?? {};
  claims = isInteger(exp) ? { exp, iat } : null;
  box.hidden = !claims;
  if (!claims) return;
  tick(claims);
  const shown = claims;
  if (left(shown) <= 0) return;
  ticking = setInterval(() => {
    tick(shown);
    if (left(shown) > 0) return;
    clearInterval(ticking);
    over?.();
  }, 1000);
}

/** `9 min 5 s`: how long a check without the server still accepts the token. */
export function timeLeft() {
  return claims && left(claims) > 0 ? clock(left(claims)) : null;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isInteger = (value) => Number.isSafeInteger(value);

/** @param {{exp: number}} claims */
const left = ({ exp }) => Math.ceil(exp - Date.now() / 1000);

/** @param {{exp: number, iat: unknown}} claims */
function tick({ exp, iat }) {
  const seconds = left({ exp });
  bar.max = isInteger(iat) && exp > iat ? exp - iat : 600;
  bar.value = Math.min(bar.max, Math.max(0, seconds));
  say(words, seconds > 0 ? `Expires in ${clock(seconds)}` : `Expired ${clock(-seconds)} ago`);
}

/** @param {number} seconds */
function clock(seconds) {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
