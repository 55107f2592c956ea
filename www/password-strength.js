// What can be said about a password without knowing its owner: its length, and whether it goes on as anybody would guess.

/** The least characters the server takes, unless PASSWORD_MIN_LENGTH says otherwise; then the server is right. */
export const LEAST = 15;
/** The most it takes. */
export const MOST = 128;

// So many characters that don't follow from those before them are beyond guessing, if the words are not a quotation.
const LONG = 20;

/** The level, 0 to 4, and the words for it. It never says that a password is safe: it can't know. */
export function strength(password) {
  // Counted as the server counts.
  const characters = [...password.normalize("NFC")];
  const { length } = characters;
  if (length === 0) return { level: 0, text: `At least ${LEAST} characters.` };
  if (length < LEAST)
    return { level: 1, text: `Too short: ${length} of at least ${LEAST} characters.` };
  if (length > MOST)
    return { level: 1, text: `Too long: ${length} of at most ${MOST} characters.` };
  const surprising = countSurprising(characters);
  if (surprising < LEAST / 2)
    return { level: 1, text: `Easy to guess: its ${length} characters repeat or follow a row.` };
  if (surprising < LEAST)
    return {
      level: 2,
      text: `Long enough with ${length} characters, but part of it repeats or follows a row.`,
    };
  if (surprising < LONG) return { level: 3, text: `Good length: ${length} characters.` };
  return { level: 4, text: `Strong length: ${length} characters.` };
}

/** How many characters neither go on as the two before them (aaa, abc, 321) nor belong to three or more that came before. */
function countSurprising(characters) {
  const lower = characters.map((character) => character.toLowerCase());
  const step = (i) => lower[i]?.codePointAt(0) - lower[i - 1]?.codePointAt(0);
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

/** The length of the longest run at `start` that also begins at an earlier place. */
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
