// Buttons that copy the code examples, and this service's own values in them.
import { byId, make } from "./dom.js";

/** Writes `values` into the examples: the class of a place is the value's name. */
export function fillIn(values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of document.querySelectorAll(`.${name}`)) place.textContent = value;
  }
}

export function addCopyButtons() {
  for (const snippet of document.querySelectorAll(".snippet")) addCopyButton(snippet);
}

function addCopyButton(snippet) {
  const pre = snippet.querySelector("pre");
  const what = byId(pre.getAttribute("aria-labelledby")).textContent;
  const button = make("button", { type: "button", textContent: "Copy" });
  button.setAttribute("aria-label", `Copy: ${what}`);
  button.addEventListener("click", async () => {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch {
      getSelection().selectAllChildren(pre);
      said = "Selected";
    }
    button.textContent = said;
    byId("announce").textContent = `${said}: ${what}`;
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  snippet.append(button);
}
