// Helper functions for all forms. They show one view of a page, make sure that a form is not sent
// again while it is being sent, and show below a field what is wrong with it.
import { all, byId, first, ready } from "./dom.js";
import { inWords, isRefusal, waitOf } from "./failures.js";
import { countDown } from "./wait.js";
import { words } from "./words.js";

/**
 * Shows one view of a page and hides the others. The focus moves to the heading of the view, so
 * that a screen reader reads the heading, and the Tab key continues from there.
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
 * The function that a button runs. If its promise resolves to a text, the text is shown to the
 * user.
 *
 * @typedef {() => Promise<string | void>} Act
 */

/**
 * Makes a form work: calls `send` when the form is submitted. While `send` is running, the button
 * does nothing. Afterwards the form shows the text that `send` returned, or explains the error that
 * it threw. The fields keep their texts.
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
  // The message is about the texts that were sent, so it is removed when the user changes a text. A
  // message that counts down a time to wait is not removed.
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.hasAttribute("aria-invalid")) mark(target);
    if (!isHeld(button)) say(problem, "");
  });
  button.disabled = false;
  // watch.js sets this attribute if the user pressed Enter before this script ran. So the form is
  // sent now.
  if (!form.hasAttribute("data-entered")) return;
  form.removeAttribute("data-entered");
  queueMicrotask(() => form.requestSubmit());
}

/**
 * Makes a button outside of a form work: calls `act` when the button is clicked. While `act` is
 * running, the button does nothing. Afterwards the element `place` shows the text that `act`
 * returned, or explains the error that it threw. If `act` succeeded, `done` is called.
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
 * Makes the button do nothing for some time. Meanwhile the element `place` shows a countdown.
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
// This does not use the attribute `disabled`, because a disabled button loses the focus.
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
    // The button must not become narrower when its text changes. Otherwise the second click of a
    // double click could hit another button.
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
    // A fault of this page itself is thrown again, so that it appears in the browser's console.
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
 * Shows below an input what is wrong with it. If `text` is empty, removes the earlier message.
 *
 * @param {HTMLInputElement} input
 */
export function mark(input, text = "") {
  byId(`${input.id}-error`).textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/**
 * Shows below an input what is wrong with it, and moves the focus to the input.
 *
 * @param {HTMLInputElement} input
 * @param {string} text
 */
export function refuse(input, text) {
  mark(input, text);
  input.focus();
}

/**
 * Returns true if no input of the form is marked as wrong. Otherwise moves the focus to the first
 * wrong input and returns false.
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
 * The email address in an input. If the text is not an address, shows a message below the input and
 * returns "". This check only finds obvious mistakes; the server decides what a valid address is.
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
 * Shows below the input that the server did not accept the address.
 *
 * @param {HTMLInputElement} input
 */
export const refuseAddress = (input) => refuse(input, words.form.no_address);

/**
 * Whether the user has entered something. If not, shows `text` below the input.
 *
 * @param {HTMLInputElement} input
 */
export function isGiven(input, text = words.form.password_missing) {
  mark(input, input.value ? "" : text);
  return input.value !== "";
}
