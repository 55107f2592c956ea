// A field to choose a password in: show and hide, a meter, refusals in words. The server decides what is good enough.
import { isGiven, refuse } from "./form.js";
import { reveal } from "./password-reveal.js";
import { LEAST, MOST, strength } from "./password-strength.js";

// Saying each letter's effect at once would drown what is typed.
const ANNOUNCE_AFTER_MS = 1000;

const REASONS = {
  too_short: (length) =>
    length < LEAST
      ? `It is too short: use at least ${LEAST} characters.`
      : "It is too short: use more characters.",
  too_long: () => `It is too long: use at most ${MOST} characters.`,
  too_common: () => "It is one of the most common passwords: choose another.",
  breached: () => "It is known from a breach of another site: choose one that you have never used.",
  context_word: () =>
    "It is little more than the name of this service, of its address or of yours: add words of your own.",
  contains_address: () => "It contains your email address: leave that out.",
};

/** Brings to life the field in which a new password is chosen. */
export function passwordField(input) {
  const field = input.closest(".field");
  const meter = field.querySelector(".meter");
  const words = field.querySelector(".strength");
  const status = field.querySelector("[role=status]");
  let announcing;

  const measure = () => {
    const { level, text } = strength(input.value);
    meter.dataset.level = level;
    words.textContent = text;
    clearTimeout(announcing);
    announcing = setTimeout(() => {
      status.textContent = input.value && text;
    }, ANNOUNCE_AFTER_MS);
  };
  reveal(input);
  input.addEventListener("input", () => {
    refuse(input);
    measure();
  });
  input.form.addEventListener("reset", () => setTimeout(measure));
  measure();

  return {
    get value() {
      return input.value;
    },
    /** Is there anything to send? If not, it says so. */
    isGiven: () => isGiven(input, "Type a password."),
    /** Says why the server did not take it: `reasons` of weak_password, or an invalid_field. */
    refuse({ reasons = [] }) {
      const length = [...input.value.normalize("NFC")].length;
      const texts = reasons.map((reason) => REASONS[reason]?.(length)).filter(Boolean);
      refuse(input, texts.join("\n") || "This password can’t be used: choose another.");
    },
  };
}
