// What all forms have in common. Shows one view of a page, sends once at a time, and says beside a
// field what is wrong with it.
import { all, byId, first, ready } from "./dom.js";
import { inWords, isRefusal, waitOf } from "./failures.js";
import { countDown } from "./wait.js";
import { words } from "./words.js";

/**
 * Shows one view of a page. The focus moves to its heading, so that a screen reader reads it and
 * Tab continues from there.
 *
 * @param {string} name
 * @param {{focus?: boolean}} [options]
 */
export function show(name, { focus = true } = {}) {
  for (const view of all("[data-view]")) view.hidden = view.dataset.view !== name;
  const heading = first(document, `[data-view="${name}"] h1`);
  document.title = heading.textContent ?? "";
  if (focus) heading.focus();
  ready();
}

/**
 * Does something, and returns what to say about it, if anything.
 *
 * @typedef {() => Promise<string | void>} Act
 */

/**
 * Makes the form work: calls `send` when it is submitted, once at a time, however often the button
 * is pressed. The form shows what `send` returns or throws as the problem. The input remains.
 *
 * @param {HTMLFormElement} form
 * @param {Act} send
 */
export function onSubmit(form, send) {
  const problem = first(form, ".problem");
  const button = first(form, "[type=submit]", HTMLButtonElement);
  const once = onceAtATime(button, send, problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once();
  });
  // The message is about what was sent, so a change removes it. A wait still applies.
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.hasAttribute("aria-invalid")) mark(target);
    if (!isHeld(button)) say(problem, "");
  });
  button.disabled = false;
  // watch.js has noted that Enter was pressed before this script ran.
  if (!form.hasAttribute("data-entered")) return;
  form.removeAttribute("data-entered");
  queueMicrotask(() => form.requestSubmit());
}

/**
 * Does the same for a button without a form. `place` is where to say what `act` returns or throws.
 * `done` is called after `act` has succeeded.
 *
 * @param {HTMLElement} button
 * @param {Act} act
 * @param {HTMLElement | null} place
 * @param {() => void} [done]
 */
export function onClick(button, act, place, done) {
  button.addEventListener("click", onceAtATime(button, act, place, done));
}

/**
 * Makes the button do nothing for a time, and counts down in `place`.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} place
 * @param {import("./wait.js").Wait} wait
 * @param {string} [over] what to say at the end
 */
export async function holdBack(button, place, wait, over) {
  if (isHeld(button)) return;
  hold(button);
  await countDown(place, wait, over);
  release(button);
}

/** @param {HTMLElement} button */
const isHeld = (button) => button.hasAttribute("aria-disabled");
// The attribute `disabled` would take the focus off the button.
/** @param {HTMLElement} button */
const hold = (button) => button.setAttribute("aria-disabled", "true");
/** @param {HTMLElement} button */
const release = (button) => button.removeAttribute("aria-disabled");

/**
 * @param {HTMLElement} button
 * @param {Act} act
 * @param {HTMLElement | null} place
 * @param {() => void} [done]
 */
function onceAtATime(button, act, place, done) {
  return async () => {
    if (isHeld(button)) return;
    say(place, "");
    hold(button);
    const label = button.textContent;
    // The second click of a double click must not hit the button beside it.
    button.style.minWidth = `${button.getBoundingClientRect().width}px`;
    if (button.dataset.busy) button.textContent = button.dataset.busy;
    /** @type {unknown} */
    let error;
    try {
      say(place, (await act()) ?? "");
    } catch (thrown) {
      error = thrown;
    }
    button.textContent = label;
    button.style.minWidth = "";
    release(button);
    if (error === undefined) return done?.();
    const wait = isRefusal(error) ? waitOf(error) : null;
    if (wait && place) return holdBack(button, place, wait);
    say(place, inWords(isRefusal(error) ? error : {}));
    // A fault of this page must appear in the console of the browser.
    if (!isRefusal(error)) throw error;
  };
}

/**
 * @param {HTMLElement | null} place
 * @param {string} text
 */
function say(place, text) {
  if (!place) return;
  place.textContent = text;
  delete place.dataset.state;
}

/**
 * Says below an input what is wrong with it. Without a text, removes what it said before.
 *
 * @param {HTMLInputElement} input
 */
export function mark(input, text = "") {
  byId(`${input.id}-error`).textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/**
 * Says below an input what is wrong with it, and moves the focus to the input.
 *
 * @param {HTMLInputElement} input
 * @param {string} text
 */
export function refuse(input, text) {
  mark(input, text);
  input.focus();
}

/**
 * Whether nothing is marked as wrong in the form. If something is, moves the focus to the first.
 *
 * @param {HTMLFormElement} form
 */
export function isComplete(form) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const wrong = form.querySelectorAll("input[aria-invalid]");
  wrong[0]?.focus();
  return wrong.length === 0;
}

/**
 * The address in an input. If it is not an address, says so and returns "". The server decides what
 * an address is; this only catches mistakes.
 *
 * @param {HTMLInputElement} input
 */
export function addressIn(input) {
  const email = input.value.trim();
  const { email_missing, no_address } = words.form;
  mark(input, email ? (/.@./.test(email) ? "" : no_address) : email_missing);
  return input.hasAttribute("aria-invalid") ? "" : email;
}

/**
 * Says that the server did not accept the address.
 *
 * @param {HTMLInputElement} input
 */
export const refuseAddress = (input) => refuse(input, words.form.no_address);

/**
 * Whether the input has a text. If not, says so.
 *
 * @param {HTMLInputElement} input
 */
export function isGiven(input, text = words.form.password_missing) {
  mark(input, input.value ? "" : text);
  return input.value !== "";
}
