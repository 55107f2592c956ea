/** Lets people see what they type into a password's input, until they send it. */
export function reveal(input) {
  const button = input.parentElement.querySelector(".reveal");
  const setVisible = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute(
      "aria-label",
      button.getAttribute("aria-label").replace(/^\w+/, button.textContent),
    );
  };
  button.addEventListener("click", () => setVisible(input.type === "password"));
  // A field that is sent as text would be kept among the browser's suggestions.
  input.form.addEventListener("submit", () => setVisible(false));
  input.form.addEventListener("reset", () => setVisible(false));
}
