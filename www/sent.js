// The view that is shown after the user has asked for a mail. The user can ask for the same mail
// again after a minute, and can ask for a mail to another address at any time.
import { rememberMailed } from "./address.js";
import { isMet, moveChallenge, takeChallenge } from "./challenge.js";
import { byId } from "./dom.js";
import { holdBack, onClick, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { words } from "./words.js";

// A mail takes some time to arrive. If users could ask again sooner, they would only get the same
// mail several times.
const AGAIN_AFTER_S = 60;

const resend = byId("resend");
const said = byId("resend-said");
/** @type {(challenge: {challenge?: string}) => Promise<unknown>} */
let send = async () => {};
let hasSent = false;

/**
 * Shows that a mail is on its way to the address. `again` is called when the user asks for another
 * mail.
 *
 * @param {string} address
 * @param {typeof send} again
 */
export function showSent(address, again) {
  send = again;
  rememberMailed(address);
  byId("asked").textContent = address;
  moveChallenge(byId("challenge-again"));
  show("sent");
  waitToResend(words.sent.again_wait);
}

/** @param {string} sentence */
function waitToResend(sentence) {
  holdBack(resend, said, { seconds: AGAIN_AFTER_S, sentence }, words.sent.again_now);
}

onClick(
  resend,
  async () => {
    said.textContent = "";
    hasSent = false;
    if (!isMet()) return words.form.challenge;
    await send(takeChallenge());
    hasSent = true;
  },
  byId("resend-problem"),
  () => {
    if (hasSent) waitToResend(words.sent.again_done);
  },
);
byId("again").addEventListener("click", () => {
  moveChallenge(byId("challenge"));
  byId("resend-problem").textContent = "";
  show("ask");
  const input = byId("email", HTMLInputElement);
  input.focus();
  input.select();
});
byId("local").hidden = !isLoopback;
