// Stores texts in the browser. If a browser does not let the pages access its storage, these
// functions store nothing and find nothing. The pages continue to work.

/**
 * @param {() => Storage} storage
 * @param {string} name
 * @param {string} text
 */
export function storeText(storage, name, text) {
  try {
    storage().setItem(name, text);
  } catch {}
}

/**
 * @param {() => Storage} storage
 * @param {string} name
 */
export function forgetText(storage, name) {
  try {
    storage().removeItem(name);
  } catch {}
}

/**
 * @param {() => Storage} storage
 * @param {string} name
 */
export function readText(storage, name) {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}

/** @param {() => Storage} storage */
export function storedNames(storage) {
  try {
    return Object.keys(storage());
  } catch {
    return [];
  }
}
