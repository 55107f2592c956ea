// Adds a copy button to each code example, and inserts values of this service, such as its origin,
// into the examples.
import { all, byId, first, make } from "./dom.js";
import { fill, words } from "./words.js";

/**
 * Inserts values into the code examples. Each value becomes the text of all elements whose class is
 * the value's name.
 *
 * @param {Record<string, string>} values
 */
export function fillIn(values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of all(`.${name}`)) place.textContent = value;
  }
}

export function addCopyButtons() {
  for (const snippet of all(".snippet")) addCopyButton(snippet);
}

/** @param {HTMLElement} snippet */
function addCopyButton(snippet) {
  const pre = first(snippet, "pre");
  const title = byId(pre.getAttribute("aria-labelledby") ?? "").textContent ?? "";
  const { copy, copied, selected, of } = words.copy;
  const button = make("button", { type: "button", textContent: copy });
  button.setAttribute("aria-label", fill(of, { what: copy, title }));
  button.addEventListener("click", async () => {
    let said = copied;
    try {
      await navigator.clipboard.writeText(pre.textContent ?? "");
    } catch {
      getSelection()?.selectAllChildren(pre);
      said = selected;
    }
    button.textContent = said;
    byId("announce").textContent = fill(of, { what: said, title });
    setTimeout(() => {
      button.textContent = copy;
    }, 2000);
  });
  snippet.append(button);
}
