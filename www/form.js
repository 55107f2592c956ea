// Helpers for all forms: they show one view of a page, send a form only once at a time, and say
// below a field what is wrong with it.
import { all, byId, first, ready } from "./dom.js";
import { inWords, isRefusal, waitOf } from "./failures.js";
import { countDown } from "./wait.js";
import { words } from "./words.js";

/**
 * Shows one view of a page. The focus moves to the view's heading, so that a screen reader reads
 * the heading and the Tab key continues from there.
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
 * A function that does something, and resolves to the text to show to the user, if there is one.
 *
 * @typedef {() => Promise<string | void>} Act
 */

/**
 * Makes the form work: calls `send` when the form is submitted. While one call is running, no other
 * begins, however often the button is pressed. The form shows what `send` returns or throws as the
 * problem, and the fields keep their texts.
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
  // The message is about what was sent, so a change in the form removes it, except while it counts
  // down a time to wait.
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.hasAttribute("aria-invalid")) mark(target);
    if (!isHeld(button)) say(problem, "");
  });
  button.disabled = false;
  // watch.js sets this attribute if Enter was pressed before this script ran.
  if (!form.hasAttribute("data-entered")) return;
  form.removeAttribute("data-entered");
  queueMicrotask(() => form.requestSubmit());
}

/**
 * Makes a button work that has no form: calls `act` on each click, but only once at a time. `place`
 * is the element that shows what `act` returns or throws. `done` is called after `act` has
 * succeeded.
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
 * Makes the button do nothing for some time, and counts down in `place`.
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
// Not the attribute `disabled`, because it would take the focus off the button.
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
    // The button keeps its width, so that the second click of a double click does not hit another
    // button.
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
 * Says below an input what is wrong with it. Without a text, removes the earlier message.
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
 * Whether no input of the form is marked as wrong. Otherwise moves the focus to the first wrong
 * input.
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
 * The email address in an input. If the text is not an address, says so and returns "". This check
 * only catches mistakes, and the server decides what a valid address is.
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
