// What all forms have in common. Shows one view of a page, sends once at a time, and says beside a
// field what is wrong with it.
import { all, byId, first } from "./dom.js";
import { inWords, isRefusal } from "./words.js";

/**
 * Shows one view of the page. The focus moves to its heading, so that a screen reader reads it and
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
}

/**
 * Does something, and returns what to say about it, if anything.
 *
 * @typedef {() => Promise<string | void>} Act
 */

/**
 * Shows the form, which needs this script to work, and calls `send` when it is submitted: once at a
 * time, however often the button is pressed. The form shows what `send` returns or throws as the
 * problem. The input remains.
 *
 * @param {HTMLFormElement} form
 * @param {Act} send
 */
export function onSubmit(form, send) {
  const problem = first(form, ".problem");
  const once = onceAtATime(first(form, "[type=submit]"), send, (text) => {
    problem.textContent = text;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once();
  });
  form.hidden = false;
}

/**
 * The same for a button without a form.
 *
 * @param {HTMLElement} button
 * @param {Act} act
 * @param {(text: string) => void} say
 */
export function onClick(button, act, say) {
  button.addEventListener("click", onceAtATime(button, act, say));
}

/**
 * @param {HTMLElement} button
 * @param {Act} act
 * @param {(text: string) => void} say
 */
function onceAtATime(button, act, say) {
  let isBusy = false;
  return async () => {
    if (isBusy) return;
    isBusy = true;
    say("");
    const label = button.textContent;
    // The attribute `disabled` would take the focus off the button.
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
    try {
      say((await act()) ?? "");
    } catch (error) {
      say(inWords(isRefusal(error) ? error : {}));
      // A fault of this page must appear in the console of the browser.
      if (!isRefusal(error)) throw error;
    } finally {
      isBusy = false;
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    }
  };
}

/**
 * Says below an input what is wrong with it, and moves the focus there. Without a text, removes
 * what it said before.
 *
 * @param {HTMLInputElement} input
 */
export function refuse(input, text = "") {
  byId(`${input.id}-error`).textContent = text;
  if (!text) {
    input.removeAttribute("aria-invalid");
    return;
  }
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

const NO_ADDRESS = "This is not an email address. An example is name@example.com.";

/**
 * The address in an input. If it is not an address, says so and returns null. The server decides
 * what an address is; this only catches mistakes.
 *
 * @param {HTMLInputElement} input
 */
export function addressIn(input) {
  const email = input.value.trim();
  refuse(input, email ? (/.@./.test(email) ? "" : NO_ADDRESS) : "Type your email address.");
  return input.hasAttribute("aria-invalid") ? null : email;
}

/**
 * Says that the server did not accept the address.
 *
 * @param {HTMLInputElement} input
 */
export const refuseAddress = (input) => refuse(input, NO_ADDRESS);

/**
 * Whether the input has a text. If not, says so.
 *
 * @param {HTMLInputElement} input
 */
export function isGiven(input, text = "Type your password.") {
  refuse(input, input.value ? "" : text);
  return input.value !== "";
}
