// The field for a new password: a button to show it, a meter, and why the server rejected it. The
// server decides which passwords it accepts.
/** @import { EdgegateError } from "/edgegate/client/index.js" */
import { first } from "./dom.js";
import { isGiven, refuse } from "./form.js";
import { reveal } from "./password-reveal.js";
import { LEAST, MOST, strength } from "./password-strength.js";

// A screen reader that announces the effect of every letter would disturb while typing.
const ANNOUNCE_AFTER_MS = 1000;

/** @type {Record<string, (length: number) => string>} */
const REASONS = {
  too_short: (length) =>
    length < LEAST
      ? `It is too short: use at least ${LEAST} characters.`
      : "It is too short: use more characters.",
  too_long: () => `It is too long: use at most ${MOST} characters.`,
  too_common: () => "It is one of the most common passwords: choose another.",
  breached: () => "It was stolen from another site: choose one that you have never used.",
  context_word: () =>
    "It is little more than the name of this service, its address or your address: add other words.",
  contains_address: () => "It contains your email address: remove that.",
};

/**
 * Makes the field for a new password work.
 *
 * @param {HTMLInputElement} input
 */
export function passwordField(input) {
  const field = input.closest(".field");
  if (!field) throw new Error("The password is outside of a field");
  const meter = first(field, ".meter");
  const words = first(field, ".strength");
  const status = first(field, "[role=status]");
  /** @type {number | undefined} */
  let announcing;

  const measure = () => {
    const { level, text } = strength(input.value);
    meter.dataset.level = `${level}`;
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
  input.form?.addEventListener("reset", () => setTimeout(measure));
  measure();

  return {
    get value() {
      return input.value;
    },
    /** Whether there is a password. If not, says so. */
    isGiven: () => isGiven(input, "Type a password."),
    /**
     * Says why the server rejected the password: the `reasons` of `weak_password`, or an
     * `invalid_field`.
     *
     * @param {Pick<EdgegateError, "reasons">} error
     */
    refuse({ reasons = [] }) {
      const length = [...input.value.normalize("NFC")].length;
      const texts = reasons.map((reason) => REASONS[reason]?.(length)).filter(Boolean);
      refuse(input, texts.join("\n") || "This password can’t be used: choose another.");
    },
  };
}
