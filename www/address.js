// Remembers the email address that somebody typed, so that the next page can fill it in. The
// address is never put into a URL, because servers log URLs. It is stored for this tab until the
// tab is closed. When somebody asks for a mail, the address is also stored for an hour for all
// tabs, because the link in the mail opens a page in another tab.
import { forgetText, readText, storeText } from "./storage.js";

const TYPED = "edgegate:address";
const MAILED = "edgegate:mailed-address";
const KEPT_MS = 3_600_000;

/** @param {string} address */
export const rememberTyped = (address) =>
  address
    ? storeText(() => sessionStorage, TYPED, address)
    : forgetText(() => sessionStorage, TYPED);

/** The address that was typed last in this tab. */
export const typedAddress = () => readText(() => sessionStorage, TYPED) ?? "";

/**
 * Remembers an address for which the user asked for a mail.
 *
 * @param {string} address
 */
export function rememberMailed(address) {
  rememberTyped(address);
  const until = Date.now() + KEPT_MS;
  storeText(() => localStorage, MAILED, JSON.stringify({ address, until }));
}

/** The address for which this browser asked for a mail in the last hour. */
export function mailedAddress() {
  try {
    const { address, until } = JSON.parse(readText(() => localStorage, MAILED) ?? "{}");
    const isKept = until > Date.now() && until <= Date.now() + KEPT_MS;
    if (isKept && typeof address === "string") return address;
  } catch {
    // The stored text was not written by these pages.
  }
  forgetMailed();
  return "";
}

export const forgetMailed = () => forgetText(() => localStorage, MAILED);
