// Chooses the language of a page. If `?ui_locales=` (OpenID Connect Core section 3.1.2.1) names
// languages that the pages have, the first of these is used. If it names none, `Accept-Language`
// decides. If `Accept-Language` names no such language either, the setting MAIL_LOCALE decides.
//
// For mails, src/domain/mail/locale.rs reads `Accept-Language` by the same rules.
// tests/vectors/accept-language.json has test cases that both must pass.
import { ACCEPT_LANGUAGE_BYTES_READ, ACCEPT_LANGUAGE_RANGES_READ } from "./generated.mjs";

/** The languages for which www/words has texts. */
export const LANGUAGES = ["en", "de"];

/**
 * @param {Request} request
 * @param {string | undefined} usual MAIL_LOCALE
 */
export function languageOf(request, usual) {
  const fallback = named(usual ?? "") ?? LANGUAGES[0];
  const asked = new URL(request.url).searchParams.get("ui_locales") ?? "";
  for (const tag of asked.slice(0, ACCEPT_LANGUAGE_BYTES_READ).split(" ")) {
    const language = named(tag);
    if (language) return language;
  }
  return negotiate(request.headers.get("Accept-Language") ?? "", fallback);
}

/**
 * The language that `Accept-Language` prefers (RFC 9110 section 12.5.4), or `fallback`.
 *
 * @param {string} header
 * @param {string} fallback
 */
export function negotiate(header, fallback) {
  const ranges = withinBounds(header)
    .split(",")
    .slice(0, ACCEPT_LANGUAGE_RANGES_READ)
    .flatMap(weighted);
  const heaviest = (/** @type {(range: string) => boolean} */ matches) =>
    ranges
      .filter(({ range }) => matches(range))
      .reduce((most, { weight }) => Math.max(most, weight), -1);
  const any = Math.max(
    0,
    heaviest((range) => range === "*"),
  );
  const weightOf = (/** @type {string} */ language) => {
    const weight = heaviest((range) => named(range) === language);
    return weight < 0 ? any : weight;
  };
  const inHeader = ranges.flatMap(({ range }) => named(range) ?? []);
  let [best, most] = [fallback, 0];
  for (const language of [...inHeader, fallback, ...LANGUAGES]) {
    const weight = weightOf(language);
    if (weight > most) [best, most] = [language, weight];
  }
  return best;
}

/**
 * The language that a tag names, if the pages have it. The tag can be in upper or lower case, and
 * can have a region, such as `de-AT`.
 *
 * @param {string} tag
 */
function named(tag) {
  const [primary, ...others] = tag.split("-");
  if (!others.every((part) => /^[A-Za-z0-9]{1,8}$/.test(part))) return undefined;
  return LANGUAGES.find((language) => language === primary.toLowerCase());
}

/**
 * The beginning of a long header: all ranges that fit completely into the first
 * ACCEPT_LANGUAGE_BYTES_READ bytes. The rest of the header is ignored.
 *
 * @param {string} header
 */
function withinBounds(header) {
  if (new TextEncoder().encode(header).length <= ACCEPT_LANGUAGE_BYTES_READ) return header;
  let [end, bytes] = [0, 0];
  for (const character of header) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > ACCEPT_LANGUAGE_BYTES_READ) break;
    end += character.length;
  }
  const cut = header.slice(0, end);
  return cut.includes(",") ? cut.slice(0, cut.lastIndexOf(",")) : "";
}

/**
 * A list with one element: the language range and its weight in thousandths. The list is empty if
 * the range is malformed.
 *
 * @param {string} part
 */
function weighted(part) {
  const [range, ...rest] = part.split(";");
  const weight = rest.length === 0 ? "q=1" : rest.join(";");
  const [name, ...values] = weight.split("=");
  if (values.length === 0 || name.trim().toLowerCase() !== "q") return [];
  const value = values.join("=").trim();
  if (!/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(value)) return [];
  return [{ range: range.trim(), weight: Math.round(Number(value) * 1000) }];
}
