// Shows a countdown of the time for which a token is still valid.
import { byId, say } from "./dom.js";
import { fill, words } from "./words.js";

/** @typedef {import("./console-claims.js").Json} Json */

const box = byId("life");
const bar = byId("left", HTMLProgressElement);
const expiry = byId("expiry");
/** @type {{exp: number, iat: unknown} | null} */
let claims = null;
/** @type {number | undefined} */
let ticking;

/**
 * Shows the countdown for a token with these claims. If the claims have no expiry, hides the
 * countdown. Calls `over` when the token expires.
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

/**
 * The time for which checks in this page (without the server) still accept the token, such as `9
 * min 5 s`. Null if the token has expired or has no expiry.
 */
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
  const { expires_in, expired_ago } = words.console;
  const sentence = seconds > 0 ? expires_in : expired_ago;
  say(expiry, fill(sentence, { time: clock(Math.abs(seconds)) }));
}

/** @param {number} total in seconds */
function clock(total) {
  const [days, hours, minutes, seconds] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const say = words.console;
  if (days > 0) return fill(say.days, { days, hours });
  if (hours > 0) return fill(say.hours, { hours, minutes });
  return fill(minutes > 0 ? say.minutes : say.seconds, { minutes, seconds });
}
