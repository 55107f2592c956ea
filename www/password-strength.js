// Estimates the strength of a password without knowing its owner: from its length, and from whether
// each character is easy to guess from the characters before it.
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_LENGTH } from "./generated.js";
import { fill, words } from "./words.js";

/**
 * The fewest characters that the server accepts by default. If its setting PASSWORD_MIN_LENGTH is
 * another number, the server rejects a shorter password and says why.
 */
export const LEAST = PASSWORD_MIN_LENGTH;
/** The most characters that the server accepts. */
export const MOST = PASSWORD_MAX_CHARS;

// This many characters can't be guessed if none of them follows from the characters before it,
// unless they are a quotation.
const LONG = 20;

/**
 * A level from 0 to 4, and a sentence. It never says that a password is safe, because the page
 * can't know that.
 *
 * @param {string} password
 */
export function strength(password) {
  // The server counts characters in the same way.
  const characters = [...password.normalize("NFC")];
  const { length } = characters;
  const level = levelOf(characters);
  const say = words.password;
  const unfit = length < LEAST ? say.strength_short : say.strength_long;
  const weak = length < LEAST || length > MOST ? unfit : say.strength_easy;
  const texts = [
    say.strength_empty,
    weak,
    say.strength_fair,
    say.strength_good,
    say.strength_strong,
  ];
  return { level, text: fill(texts[level], { length, least: LEAST, most: MOST }) };
}

/** @param {string[]} characters */
function levelOf(characters) {
  const { length } = characters;
  if (length === 0) return 0;
  if (length < LEAST || length > MOST) return 1;
  const surprising = countSurprising(characters);
  if (surprising < LEAST / 2) return 1;
  if (surprising < LEAST) return 2;
  return surprising < LONG ? 3 : 4;
}

/**
 * How many characters are hard to guess: they neither continue the two characters before them (aaa,
 * abc, 321) nor belong to a run of three or more characters that occurred before.
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
 * The code point of the character at `i`. NaN outside the list, so that comparisons with it are
 * false.
 *
 * @param {string[]} characters
 * @param {number} i
 */
const codeAt = (characters, i) => characters[i]?.codePointAt(0) ?? NaN;

/**
 * The length of the longest run of characters that begins at `start` and also at an earlier index.
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
