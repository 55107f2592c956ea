// Shows a countdown of the time after which the user can try something again.
import { make } from "./dom.js";
import { duration, words } from "./words.js";

/** @typedef {{seconds: number, sentence: string}} Wait `sentence` contains `{time}`. */

/**
 * Shows in `place` how long the user must wait, and counts down. At the end, shows the text `over`,
 * and the promise resolves. A screen reader does not read the sentence again every second, because
 * the role `timer` is not a live region by default (WAI-ARIA 1.2).
 *
 * @param {HTMLElement} place
 * @param {Wait} wait
 * @param {string} [over]
 */
export function countDown(place, { seconds, sentence }, over = words.form.wait_over) {
  // The time that has passed is the larger of two measures. `Date` also counts while the device
  // sleeps. `performance` also counts if the clock of the device is set back.
  const begun = [Date.now(), performance.now()];
  const timer = make("span", { textContent: duration(seconds) });
  timer.setAttribute("role", "timer");
  const [before, after = ""] = sentence.split("{time}");
  place.replaceChildren(before, timer, after);
  delete place.dataset.state;
  return new Promise((/** @type {(over?: undefined) => void} */ resolve) => {
    const ticking = setInterval(() => {
      const passed = Math.max(Date.now() - begun[0], performance.now() - begun[1]);
      const left = Math.ceil(seconds - passed / 1000);
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
