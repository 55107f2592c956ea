// Makes the field for a new password work: a button shows the password, a meter shows its strength,
// and a message says why the server rejected it. Only the server decides which passwords are
// accepted.
/** @import { EdgegateError } from "/edgegate/client/index.js" */
import { first } from "./dom.js";
import { isGiven, refuse } from "./form.js";
import { reveal } from "./password-reveal.js";
import { LEAST, MOST, strength } from "./password-strength.js";
import { fill, words } from "./words.js";

// The strength is announced only after the user has stopped typing for this time. It would be
// disturbing if a screen reader read it after every letter.
const ANNOUNCE_AFTER_MS = 1000;

/** @type {Record<string, (length: number, least: number) => string>} */
const REASONS = {
  too_short: (length, least) =>
    length < least ? fill(words.password.too_short, { least }) : words.password.too_short_here,
  too_long: () => fill(words.password.too_long, { most: MOST }),
  too_common: () => words.password.too_common,
  breached: () => words.password.breached,
  context_word: () => words.password.context_word,
  contains_address: () => words.password.contains_address,
};

/**
 * Makes the field for a new password work.
 *
 * @param {HTMLInputElement} input
 * @param {{show: string, hide: string}} [names] the labels of the button that shows or hides the
 *   password
 */
export function passwordField(input, names) {
  const field = input.closest(".field");
  if (!field) throw new Error("The password is outside of a field");
  const meter = first(field, ".meter");
  const sentence = first(field, ".strength");
  const status = first(field, "[role=status]");
  // The Worker writes its setting PASSWORD_MIN_LENGTH here if it has one.
  const least = Number(sentence.dataset.least ?? LEAST);
  /** @type {number | undefined} */
  let announcing;

  const measure = () => {
    const { level, text } = strength(input.value, least);
    meter.dataset.level = `${level}`;
    sentence.textContent = text;
    clearTimeout(announcing);
    announcing = setTimeout(() => {
      status.textContent = input.value && text;
    }, ANNOUNCE_AFTER_MS);
  };
  reveal(input, names);
  input.addEventListener("input", measure);
  input.form?.addEventListener("reset", () => setTimeout(measure));
  measure();

  return {
    get value() {
      return input.value;
    },
    /** Removes the password, also from the meter. */
    clear() {
      input.value = "";
      measure();
    },
    /** Whether the user has typed a password. If not, shows a message. */
    isGiven: () => isGiven(input, words.password.missing),
    /**
     * Shows why the server rejected the password. An error with the code `weak_password` has
     * `reasons`, which are shown as sentences. An error with the code `invalid_field` has none, so
     * a general sentence is shown.
     *
     * @param {Pick<EdgegateError, "reasons">} error
     */
    refuse({ reasons = [] }) {
      const length = [...input.value.normalize("NFC")].length;
      const texts = reasons.map((reason) => REASONS[reason]?.(length, least)).filter(Boolean);
      refuse(input, texts.join("\n") || words.password.refused);
    },
  };
}
