// What the tabs of one origin tell each other, by BroadcastChannel.
//
// A tab that renewed hands its access token on, so that one renewal serves all tabs. The token stays in memory, and whoever
// can listen on the channel is a script of this origin, which could ask for a token by the cookie itself. But nothing that
// comes from the channel is believed beyond that: it never signs anybody in (the tab asks the service by the cookie), and
// a token from it never replaces a newer one or another user's.
import { readToken } from "./token.js";

const VERSION = 1;
const REASONS = ["logout", "session_ended", "account_deleted"];
// Ids are 36 characters.
const LONGEST_ID = 256;

export class Tabs {
  #name;
  #Channel;
  #hear;
  #channel = null;

  /**
   * `hear` gets, checked for their form, `{type: "token", cause, token, claims}`, `{type: "signed_out", reason, sub, sid}`
   * and `{type: "cleared"}`.
   */
  constructor(name, { BroadcastChannel }, hear) {
    this.#name = name;
    this.#Channel = BroadcastChannel;
    this.#hear = hear;
  }

  /** Begins to listen. Without BroadcastChannel, or where it is refused, the tabs don't hear of each other. */
  open() {
    if (this.#channel || !this.#Channel) return;
    try {
      this.#channel = new this.#Channel(this.#name);
    } catch {
      return;
    }
    // In Node a listening channel would keep the process alive.
    this.#channel.unref?.();
    this.#channel.onmessage = ({ data }) => {
      const message = readMessage(data);
      if (message) this.#hear(message);
    };
  }

  /** The tab has a fresh token; `cause`: "login" (a new session) or "renewal". */
  tellToken(cause, token) {
    this.#post({ version: VERSION, type: "token", cause, token });
  }

  tellSignedOut(reason, { sub, sid }) {
    this.#post({ version: VERSION, type: "signed_out", reason, sub, sid });
  }

  /** A logout cleared the cookie. */
  tellCleared() {
    this.#post({ version: VERSION, type: "cleared" });
  }

  close() {
    this.#channel?.close();
    this.#channel = null;
  }

  #post(message) {
    try {
      this.#channel?.postMessage(message);
    } catch {
      // Closed under us: the others will ask the service themselves.
    }
  }
}

function readMessage(data) {
  if (data === null || typeof data !== "object" || data.version !== VERSION) return undefined;
  const { type, cause, token, reason, sub, sid } = data;
  if (type === "cleared") return { type };
  if (type === "token" && ["login", "renewal"].includes(cause)) {
    const claims = readToken(token);
    return claims && { type, cause, token, claims };
  }
  if (type === "signed_out" && REASONS.includes(reason) && isId(sub) && isId(sid))
    return { type, reason, sub, sid };
  return undefined;
}

const isId = (text) => typeof text === "string" && text !== "" && text.length <= LONGEST_ID;
