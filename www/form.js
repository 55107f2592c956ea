// What the forms have in common: views of which one shows, sending once, and saying what is wrong where it is wrong.
import { inWords } from "./words.js";

/** Shows one view of the page. Its heading gets the focus, so that a screen reader says it and Tab goes on from there. */
export function show(name, { focus = true } = {}) {
  for (const view of document.querySelectorAll("[data-view]"))
    view.hidden = view.dataset.view !== name;
  const heading = document.querySelector(`[data-view="${name}"] h1`);
  document.title = heading.textContent;
  if (focus) heading.focus();
}

/**
 * Shows the form, which does nothing without this, and calls `send` when it is submitted: once at a time, however often the
 * button is pressed. What `send` answers or throws is shown as the problem; what was typed stays.
 */
export function onSubmit(form, send) {
  const problem = form.querySelector(".problem");
  const once = onceAtATime(form.querySelector("[type=submit]"), send, (text) => {
    problem.textContent = text;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once();
  });
  form.hidden = false;
}

/** The same for a button without a form. */
export function onClick(button, act, say) {
  button.addEventListener("click", onceAtATime(button, act, say));
}

function onceAtATime(button, act, say) {
  let busy = false;
  return async () => {
    if (busy) return;
    busy = true;
    say("");
    const label = button.textContent;
    // A disabled button would lose the focus.
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
    try {
      say((await act()) ?? "");
    } catch (error) {
      say(inWords(error));
      // What is no refusal is a fault of this page: it belongs into the browser's console.
      if (error.name !== "EdgegateError") throw error;
    } finally {
      busy = false;
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    }
  };
}

/** Says below an input what is wrong with it, and puts the focus there; without a text, takes that back. */
export function refuse(input, text = "") {
  document.getElementById(`${input.id}-error`).textContent = text;
  if (!text) {
    input.removeAttribute("aria-invalid");
    return;
  }
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

const NO_ADDRESS = "This is not an email address. One looks like name@example.com.";

/** What is typed as an address, or null after saying that it is none. The server decides; this catches slips. */
export function addressIn(input) {
  const email = input.value.trim();
  refuse(input, email ? (/.@./.test(email) ? "" : NO_ADDRESS) : "Type your email address.");
  return input.hasAttribute("aria-invalid") ? null : email;
}

/** Says that the server took it for no address. */
export const refuseAddress = (input) => refuse(input, NO_ADDRESS);

/** Is something typed? If not, it says so. */
export function isGiven(input, text = "Type your password.") {
  refuse(input, input.value ? "" : text);
  return input.value !== "";
}
