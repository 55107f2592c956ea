// Estimates the strength of a password. The estimate uses the length, and whether each character is
// easy to guess from the characters before it. It does not use anything about the user, such as the
// name.
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_LENGTH } from "./generated.js";
import { fill, words } from "./words.js";

/**
 * The smallest number of characters that the server accepts, unless its setting PASSWORD_MIN_LENGTH
 * says otherwise. A password with fewer characters that are hard to guess never gets a level above
 * 2, even if the server accepts it.
 */
export const LEAST = PASSWORD_MIN_LENGTH;
/** The largest number of characters that the server accepts. */
export const MOST = PASSWORD_MAX_CHARS;

// A password with this many characters that are hard to guess gets the highest level. Such a
// password is practically impossible to guess, unless it is a quotation.
const LONG = 20;

/**
 * The strength of a password as a level from 0 to 4 and a sentence. The sentence never says that a
 * password is safe, because the page can't know that.
 *
 * @param {string} password
 * @param {number} [least] the smallest number of characters that the server accepts
 */
export function strength(password, least = LEAST) {
  // The characters are counted in the same way as on the server.
  const characters = [...password.normalize("NFC")];
  const { length } = characters;
  const level = levelOf(characters, least);
  const say = words.password;
  const unfit = length < least ? say.strength_short : say.strength_long;
  const weak = length < least || length > MOST ? unfit : say.strength_easy;
  // With a low setting, a password can be too short for a higher level, although none of its
  // characters is easy to guess.
  const fair = length < LEAST ? say.strength_enough : say.strength_fair;
  const texts = [say.strength_empty, weak, fair, say.strength_good, say.strength_strong];
  return { level, text: fill(texts[level], { length, least, most: MOST }) };
}

/**
 * @param {string[]} characters
 * @param {number} least
 */
function levelOf(characters, least) {
  const { length } = characters;
  if (length === 0) return 0;
  if (length < least || length > MOST) return 1;
  const surprising = countSurprising(characters);
  if (surprising < LEAST / 2) return 1;
  if (surprising < LEAST) return 2;
  return surprising < LONG ? 3 : 4;
}

/**
 * Counts the characters that are hard to guess. A character is easy to guess if it continues the
 * two characters before it (as in aaa, abc or 321), or if it belongs to three or more characters
 * that occurred in the same order before.
 *
 * @param {string[]} characters
 */
function countSurprising(characters) {
  const lower = characters.map((character) => character.toLowerCase());
  /** @param {number} i */
  const step = (i) => codeAt(lower, i) - codeAt(lower, i - 1);
  let count = 0;
  for (let i = 0; i < lower.length; i++) {
    const repeated = repeatedFrom(lower, i);
    if (repeated >= 3) {
      i += repeated - 1;
      continue;
    }
    const goesOn = Math.abs(step(i)) <= 1 && step(i) === step(i - 1);
    if (!goesOn) count += 1;
  }
  return count;
}

/**
 * The code point of the character at `i`. If `i` is outside the list, the result is NaN, so every
 * comparison with the result is false.
 *
 * @param {string[]} characters
 * @param {number} i
 */
const codeAt = (characters, i) => characters[i]?.codePointAt(0) ?? NaN;

/**
 * The largest number of characters from `start` on that also occur, in the same order, from an
 * earlier index on.
 *
 * @param {string[]} characters
 * @param {number} start
 */
function repeatedFrom(characters, start) {
  let longest = 0;
  for (let earlier = 0; earlier < start; earlier++) {
    let length = 0;
    while (
      start + length < characters.length &&
      characters[earlier + length] === characters[start + length]
    )
      length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
