// Reads and replaces those parts of a document that a program writes. Each part is between two HTML
// comments that contain its name.

const OPENING = (name) => `<!-- ${name}: written by a program -->`;
const CLOSING = (name) => `<!-- end of ${name} -->`;

/** The part of the document that has this name. */
export function marked(document, name) {
  const [, after] = document.split(`${OPENING(name)}\n`);
  const [text, rest] = after?.split(`\n${CLOSING(name)}`) ?? [];
  if (rest === undefined) throw new Error(`the document has no part "${name}"`);
  return text;
}

/** The document after the part with this name has been replaced with `text`. */
export function withMarked(document, name, text) {
  const before = marked(document, name);
  return document.replace(`${OPENING(name)}\n${before}\n`, () => `${OPENING(name)}\n${text}\n`);
}
