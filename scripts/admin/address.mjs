// Addresses on the command line.
import { Advice } from "../project/advice.mjs";

/**
 * The form in which addresses are compared. Only plain addresses are accepted, so that SQL never
 * gets a character that could end a string.
 *
 * @param {string} email
 */
export function canonical(email) {
  const lower = email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (
    lower.length > 254 ||
    !/^[a-z0-9.!#$%&*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(lower)
  ) {
    throw new Advice(
      `"${email}" can't be used here. Use an ASCII address without quotes or spaces, and write an international domain in its xn-- form.`,
    );
  }
  return lower;
}
