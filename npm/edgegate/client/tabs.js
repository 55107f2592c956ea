// The messages that the tabs of one origin send each other, over a BroadcastChannel.
//
// A tab that has renewed its access token sends the new token to the other tabs, so one renewal is
// enough for all tabs. The token stays in memory. Only scripts of this origin can listen on the
// channel, and such a script can get a token by other means: it can send a renewal, and the browser
// adds the cookie. The client does not trust the content of the messages. A message never signs
// anybody in: the tab that gets it asks the service, with the cookie. A token from a message never
// replaces a newer token, and never the token of another user.
/**
 * @import { Platform } from "./platform.js"
 * @import { Claims } from "./token.js"
 */
import { readToken } from "./token.js";

const VERSION = 1;
const CAUSES = /** @type {const} */ (["login", "renewal"]);
const REASONS = /** @type {const} */ (["logout", "session_ended", "account_deleted"]);
// The service's ids have 36 characters.
const ID_MAX_CHARS = 256;

/**
 * Why a tab has a new token: `login` if a new session has begun, `renewal` if the session
 * continues.
 *
 * @typedef {typeof CAUSES[number]} Cause
 *
 * A message from another tab, after its form was checked.
 *
 * @typedef {{type: "token", cause: Cause, token: string, claims: Claims}} TokenMessage
 * @typedef {{type: "signed_out", reason: typeof REASONS[number], sub: string, sid: string}} SignedOutMessage
 * @typedef {TokenMessage | SignedOutMessage | {type: "cleared"}} Message
 */

export class Tabs {
  #name;
  #Channel;
  #hear;
  /** @type {InstanceType<NonNullable<Platform["BroadcastChannel"]>> | null} */
  #channel = null;

  /**
   * @param {string} name
   * @param {Pick<Platform, "BroadcastChannel">} platform
   * @param {(message: Message) => void} hear
   */
  constructor(name, { BroadcastChannel }, hear) {
    this.#name = name;
    this.#Channel = BroadcastChannel;
    this.#hear = hear;
  }

  /**
   * Begins to listen. If the browser has no BroadcastChannel, or refuses to open one, this tab gets
   * no messages.
   */
  open() {
    if (this.#channel || !this.#Channel) return;
    try {
      this.#channel = new this.#Channel(this.#name);
    } catch {
      return;
    }
    unref(this.#channel);
    this.#channel.onmessage = ({ data }) => {
      const message = readMessage(data);
      if (message) this.#hear(message);
    };
  }

  /**
   * @param {Cause} cause
   * @param {string} token
   */
  tellToken(cause, token) {
    this.#post({ version: VERSION, type: "token", cause, token });
  }

  /**
   * @param {string} reason
   * @param {{sub: string, sid: string}} claims
   */
  tellSignedOut(reason, { sub, sid }) {
    this.#post({ version: VERSION, type: "signed_out", reason, sub, sid });
  }

  /** Tells the other tabs that a logout has cleared the cookie. */
  tellCleared() {
    this.#post({ version: VERSION, type: "cleared" });
  }

  close() {
    this.#channel?.close();
    this.#channel = null;
  }

  /** @param {object} message */
  #post(message) {
    try {
      this.#channel?.postMessage(message);
    } catch {
      // The browser has closed the channel, so the message is lost. The other tabs will ask the
      // service.
    }
  }
}

/**
 * In Node, a timer or an open channel keeps the process running unless it is unreferenced.
 *
 * @param {unknown} handle
 */
export const unref = (handle) =>
  /** @type {{unref?: () => void} | undefined} */ (handle)?.unref?.();

/**
 * @param {unknown} data
 * @returns {Message | undefined}
 */
function readMessage(data) {
  if (data === null || typeof data !== "object") return undefined;
  const { version, type, cause, token, reason, sub, sid } = /** @type {Record<string, unknown>} */ (
    data
  );
  if (version !== VERSION) return undefined;
  if (type === "cleared") return { type };
  if (type === "token" && isOneOf(CAUSES, cause) && typeof token === "string") {
    const claims = readToken(token);
    return claims && { type, cause, token, claims };
  }
  if (type === "signed_out" && isOneOf(REASONS, reason) && isId(sub) && isId(sid))
    return { type, reason, sub, sid };
  return undefined;
}

/**
 * @template {string} T
 * @param {readonly T[]} list
 * @param {unknown} value
 * @returns {value is T}
 */
const isOneOf = (list, value) => list.some((entry) => entry === value);

/**
 * @param {unknown} text
 * @returns {text is string}
 */
const isId = (text) => typeof text === "string" && text !== "" && text.length <= ID_MAX_CHARS;
