import { first } from "./dom.js";
import { words } from "./words.js";

/**
 * Makes the button work that shows or hides the text of a password field. When the form is sent,
 * the text is hidden again. `names` are the labels of the button that a screen reader reads.
 *
 * @param {HTMLInputElement} input
 * @param {{show: string, hide: string}} [names]
 */
export function reveal(
  input,
  names = { show: words.password.show_this, hide: words.password.hide_this },
) {
  const { form, parentElement } = input;
  if (!form || !parentElement) throw new Error("The password field is outside of a form");
  const button = first(parentElement, ".reveal");
  /** @param {boolean} isVisible */
  const setVisible = (isVisible) => {
    input.type = isVisible ? "text" : "password";
    button.textContent = isVisible ? words.password.hide : words.password.show;
    button.setAttribute("aria-label", isVisible ? names.hide : names.show);
  };
  button.addEventListener("click", () => setVisible(input.type === "password"));
  // Browsers store what was typed into a field of type `text`, and suggest it later in other forms.
  // So the field must have the type `password` again when the form is sent.
  form.addEventListener("submit", () => setVisible(false));
  form.addEventListener("reset", () => setVisible(false));
}
