// Counts down before something can be tried again.
import { make } from "./dom.js";
import { duration, words } from "./words.js";

/** @typedef {{seconds: number, sentence: string}} Wait `sentence` has a `{time}`. */

/**
 * Says in `place` how long to wait, and counts down. Resolves at the end, and says that the wait is
 * over. A screen reader reads the sentence once, not every second: a timer is not live (WAI-ARIA
 * 1.2).
 *
 * @param {HTMLElement} place
 * @param {Wait} wait
 * @param {string} [over]
 */
export function countDown(place, { seconds, sentence }, over = words.form.wait_over) {
  const until = Date.now() + seconds * 1000;
  const timer = make("span", { textContent: duration(seconds) });
  timer.setAttribute("role", "timer");
  const [before, after = ""] = sentence.split("{time}");
  place.replaceChildren(before, timer, after);
  delete place.dataset.state;
  return new Promise((/** @type {(over?: undefined) => void} */ resolve) => {
    const ticking = setInterval(() => {
      // If the clock of the device was set back, the wait is not longer than the service said.
      const left = Math.min(seconds, Math.ceil((until - Date.now()) / 1000));
      const isShown = timer.isConnected;
      if (left > 0) {
        timer.textContent = duration(left);
        return;
      }
      clearInterval(ticking);
      if (isShown) {
        place.textContent = over;
        place.dataset.state = "good";
      }
      resolve();
    }, 1000);
  });
}
