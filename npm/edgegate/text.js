// Encodes and decodes UTF-8, even where the platform has no TextEncoder and no TextDecoder. One
// such platform is jsdom, in which Jest runs the tests of web pages.

/**
 * Decodes UTF-8. Throws if the bytes are not valid UTF-8. A byte order mark stays in the text.
 *
 * @param {Uint8Array} bytes
 */
export function decodeText(bytes) {
  decoder ??= new (decoderClass())("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

/** @type {{ decode(bytes: Uint8Array): string } | undefined} */
let decoder;

/** @typedef {(text: string) => Uint8Array<ArrayBuffer>} Encode */

/** @type {{ encode(text: string): Uint8Array } | undefined} */
let encoder;

/** @type {Encode} */
export function encodeText(text) {
  encoder ??= new (encoderClass())();
  return /** @type {Uint8Array<ArrayBuffer>} */ (encoder.encode(text));
}

export const decoderClass = () => globalThis.TextDecoder ?? Utf8Decoder;
export const encoderClass = () => globalThis.TextEncoder ?? Utf8Encoder;

class Utf8Decoder {
  /** @param {Uint8Array} [bytes] */
  decode(bytes = new Uint8Array()) {
    let escaped = "";
    for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, "0")}`;
    return decodeURIComponent(escaped);
  }
}

class Utf8Encoder {
  /** @param {string} text */
  encode(text) {
    // Replaces each unpaired surrogate with U+FFFD, as TextEncoder does.
    const escaped = encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
    const bytes = escaped.match(/%..|[^%]/g) ?? [];
    return Uint8Array.from(bytes, (byte) =>
      byte.length > 1 ? Number.parseInt(byte.slice(1), 16) : byte.charCodeAt(0),
    );
  }
}
