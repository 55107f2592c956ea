// How long a token still lives, counting down.
import { byId, say } from "./dom.js";

const box = byId("life");
const bar = byId("left");
const words = byId("expiry");
let claims = null;
let ticking;

/** Shows the life of the token with these claims, or none; calls `over` once, when it ends while it is watched. */
export function showLife(of, over) {
  clearInterval(ticking);
  claims = Number.isSafeInteger(of?.exp) ? of : null;
  box.hidden = !claims;
  if (!claims) return;
  tick();
  if (left() <= 0) return;
  ticking = setInterval(() => {
    tick();
    if (left() > 0) return;
    clearInterval(ticking);
    over();
  }, 1000);
}

/** `9 min 5 s`, for how long it still counts where nobody asks the server. */
export function timeLeft() {
  return claims && left() > 0 ? clock(left()) : null;
}

const left = () => Math.ceil(claims.exp - Date.now() / 1000);

function tick() {
  const seconds = left();
  bar.max =
    Number.isSafeInteger(claims.iat) && claims.exp > claims.iat ? claims.exp - claims.iat : 600;
  bar.value = Math.min(bar.max, Math.max(0, seconds));
  say(words, seconds > 0 ? `Expires in ${clock(seconds)}` : `Expired ${clock(-seconds)} ago`);
}

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
