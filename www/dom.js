/** An element with properties and children. Texts are texts: nothing is ever parsed as HTML. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Writes a text, unless it is there: a live region that is written again is read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
