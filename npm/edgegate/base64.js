/**
 * Decodes base64. The caller must make sure that `text` is valid.
 *
 * JavaScript engines have had `Uint8Array.fromBase64` since 2025. In older engines, the loop below
 * decodes the text. The loop takes about 4 ms for this package's wasm, because the engine has not
 * yet optimised the loop at that time.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decodeBase64(text) {
  const engine = /** @type {{ fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }} */ (
    /** @type {unknown} */ (Uint8Array)
  );
  // eslint-disable-next-line es-x/no-uint8array-frombase64 -- older browsers use the loop
  if (engine.fromBase64) return engine.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
