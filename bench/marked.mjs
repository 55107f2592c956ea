// Reads and replaces the parts of a document that a program writes. Each part is between two
// comments.

const OPENING = (name) => `<!-- ${name}: written by a program -->`;
const CLOSING = (name) => `<!-- end of ${name} -->`;

/** The text between the comments of this name. */
export function marked(document, name) {
  const [, after] = document.split(`${OPENING(name)}\n`);
  const [text, rest] = after?.split(`\n${CLOSING(name)}`) ?? [];
  if (rest === undefined) throw new Error(`the document has no part "${name}"`);
  return text;
}

/** The document with `text` between the comments of this name. */
export function withMarked(document, name, text) {
  const before = marked(document, name);
  return document.replace(`${OPENING(name)}\n${before}\n`, () => `${OPENING(name)}\n${text}\n`);
}
