import { first } from "./dom.js";

/**
 * Lets people see what they type into a password field, until they send it.
 *
 * @param {HTMLInputElement} input
 */
export function reveal(input) {
  const { form, parentElement } = input;
  if (!form || !parentElement) throw new Error("The password field is outside of a form");
  const button = first(parentElement, ".reveal");
  /** @param {boolean} isVisible */
  const setVisible = (isVisible) => {
    input.type = isVisible ? "text" : "password";
    button.textContent = isVisible ? "Hide" : "Show";
    const label = button.getAttribute("aria-label") ?? "";
    button.setAttribute("aria-label", label.replace(/^\w+/, button.textContent));
  };
  button.addEventListener("click", () => setVisible(input.type === "password"));
  // The browser would store the text of a field that is sent as text, and suggest it later.
  form.addEventListener("submit", () => setVisible(false));
  form.addEventListener("reset", () => setVisible(false));
}
