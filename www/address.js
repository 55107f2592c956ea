// The address that somebody typed, for the next page: never in a URL, because servers log those.
// A tab keeps it until it is closed. What a mail was asked for is kept for an hour, for the page
// that the link in the mail opens in another tab.

const TYPED = "edgegate:address";
const MAILED = "edgegate:mailed-address";
const KEPT_MS = 3_600_000;

/** @param {string} address */
export const rememberTyped = (address) => store(() => sessionStorage, TYPED, address);

/** The address that was typed last in this tab. */
export const typedAddress = () => read(() => sessionStorage, TYPED) ?? "";

/**
 * Call this when a mail was asked for.
 *
 * @param {string} address
 */
export function rememberMailed(address) {
  rememberTyped(address);
  const until = Date.now() + KEPT_MS;
  store(() => localStorage, MAILED, JSON.stringify({ address, until }));
}

/** The address for which this browser asked for a mail in the last hour. */
export function mailedAddress() {
  try {
    const { address, until } = JSON.parse(read(() => localStorage, MAILED) ?? "{}");
    const isKept = until > Date.now() && until <= Date.now() + KEPT_MS;
    if (isKept && typeof address === "string") return address;
  } catch {
    // Somebody else wrote it.
  }
  forgetMailed();
  return "";
}

export const forgetMailed = () => store(() => localStorage, MAILED, null);

/**
 * A browser may refuse storage, and then the page works without it.
 *
 * @param {() => Storage} storage
 * @param {string} name
 * @param {string | null} text
 */
function store(storage, name, text) {
  try {
    if (text) storage().setItem(name, text);
    else storage().removeItem(name);
  } catch {}
}

/**
 * @param {() => Storage} storage
 * @param {string} name
 */
function read(storage, name) {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}
