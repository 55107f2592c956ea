// Helpers for elements. No text is ever parsed as HTML.

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
 * The element with this id, of this class. Throws if there is none, because then the script does
 * not fit the page.
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
 * Sets the text of an element if it is different. Setting the same text would make a screen reader
 * read a live region again.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Marks the page as working, so that style.css hides the message that the page has failed. */
export function ready() {
  document.documentElement.dataset.state = "ready";
}
