// Helper functions for elements. None of them parses a text as HTML.

/**
 * A new element with properties and children.
 *
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {Partial<HTMLElementTagNameMap[N]>} [properties]
 * @param {(Node | string)[]} children
 */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/**
 * The element that has this id and is an instance of this class. Throws an error if there is no
 * such element, because then the HTML and the script don't belong together.
 *
 * @type {{
 *   (id: string): HTMLElement,
 *   <E extends HTMLElement>(id: string, type: new () => E): E,
 * }}
 */
export const byId = (/** @type {string} */ id, type = HTMLElement) =>
  requireElement(document.getElementById(id), type, `#${id}`);

/**
 * The first element in `parent` that matches the selector. Throws like `byId`.
 *
 * @type {{
 *   (parent: ParentNode, selector: string): HTMLElement,
 *   <E extends HTMLElement>(parent: ParentNode, selector: string, type: new () => E): E,
 * }}
 */
export const first = (
  /** @type {ParentNode} */ parent,
  /** @type {string} */ selector,
  type = HTMLElement,
) => requireElement(parent.querySelector(selector), type, selector);

/**
 * All elements of the page that match the selector.
 *
 * @param {string} selector
 */
export const all = (selector) =>
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));

/**
 * The input with this name in a form. Throws like `byId`.
 *
 * @param {HTMLFormElement} form
 * @param {string} name
 */
export const inputOf = (form, name) =>
  requireElement(form.elements.namedItem(name), HTMLInputElement, name);

/**
 * @template {HTMLElement} E
 * @param {unknown} element
 * @param {new () => E} type
 * @param {string} name
 * @returns {E}
 */
function requireElement(element, type, name) {
  if (element instanceof type) return element;
  throw new Error(`The page has no ${type.name} "${name}"`);
}

/**
 * Sets the text of an element, unless the element already has this text. If the element is a live
 * region, setting the same text again would make a screen reader read it again.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Marks the page as working, so that style.css does not show the message that the page has failed.
 */
export function ready() {
  document.documentElement.dataset.state = "ready";
}
