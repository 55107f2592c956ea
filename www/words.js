// What to say when something was refused or failed: in words, and with what to do next.

/** Is it unknown whether the request did its work? */
export const isLost = ({ code, status }) => code === "network_error" || status >= 500;

/** A sentence for any error of the service or the package that the page knows nothing better about. */
export function inWords({ code, status, retryAfter, requestId, message }) {
  switch (code) {
    case "network_error":
      // An answer that is not the service's: a gateway's, a captive portal's.
      return status
        ? couldNot(status)
        : "No answer came. Check that this device is online, then try again.";
    case "rate_limited":
      // Others count too: those of the same network, and whoever guesses at the same address.
      return `There were too many tries, perhaps not all of them yours. Wait ${duration(
        retryAfter || 60,
      )}, then try again.`;
    case "unavailable":
      return `The service can’t do this at the moment. Wait ${duration(retryAfter || 5)}, then try again.`;
    case "invalid_credentials":
      return "The email address or the password is wrong.";
    case "signed_out":
    case "invalid_grant":
    case "invalid_token":
      return "You are not signed in any more. Sign in again, then repeat this.";
    case "last_administrator":
      return "At least one administrator must remain. Make somebody else an administrator first.";
    case "registration_closed":
      return "Nobody can register here by themselves: ask whoever runs this service for an account.";
    case "key_set_unavailable":
      return "The public keys could not be read, so no signature can be checked. Try again.";
    case "wasm_unavailable":
      return `The checks can’t run here, since their WebAssembly did not load: ${message.replace(/^edgegate: /, "")}.`;
    case "invalid_key_set":
      return "This service publishes no public key that can be used here: its tokens can be checked on the server only.";
  }
  return couldNot(code ?? status, requestId);
}

function couldNot(what, requestId) {
  const details = [what, requestId && `request ${requestId}`].filter(Boolean).join(", ");
  return `The service could not do this${details && ` (${details})`}. If it stays so, tell whoever runs this service.`;
}

/** `42 seconds`, `2 minutes`. */
export function duration(seconds) {
  return seconds < 90
    ? `${seconds} ${seconds === 1 ? "second" : "seconds"}`
    : `${Math.ceil(seconds / 60)} minutes`;
}
