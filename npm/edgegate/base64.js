/**
 * The bytes of a text in base64 or base64url. The callers know that it is valid.
 *
 * @param {string} text
 */
export function decodeBase64(text) {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
