// Buttons that copy the code examples, and the values of this service in the examples.
import { all, byId, first, make } from "./dom.js";

/**
 * Writes values into the examples. Each is written into the elements whose class is its name.
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
  const title = byId(pre.getAttribute("aria-labelledby") ?? "").textContent;
  const button = make("button", { type: "button", textContent: "Copy" });
  button.setAttribute("aria-label", `Copy: ${title}`);
  button.addEventListener("click", async () => {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(pre.textContent ?? "");
    } catch {
      getSelection()?.selectAllChildren(pre);
      said = "Selected";
    }
    button.textContent = said;
    byId("announce").textContent = `${said}: ${title}`;
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  snippet.append(button);
}
