// The pseudonyms that the service's log shows instead of email addresses and networks. The service
// computes them in src/domain/account/account_name.rs and src/domain/event/pseudonym.rs, and this
// module must give the same results. tests/setup/pseudonym.test.mjs checks both against the same
// values.
import { createHmac } from "node:crypto";
import { isIP } from "node:net";
import { canonical } from "./address.js";
import { Advice } from "./advice.js";

const LENGTH = 16;

/**
 * The pseudonyms of an email address or IP address: one for each part of the secret, in the same
 * order.
 *
 * @param {string} text
 * @param {string} ticketSecret
 * @param {string} issuer
 */
export function pseudonyms(text, ticketSecret, issuer) {
  const [label, message] = isIP(text) ? ["network", network(text)] : ["account", canonical(text)];
  const secrets = ticketSecret.split(/[, \n\t]+/).filter((part) => part !== "");
  if (secrets.length === 0 || !secrets.every((part) => /^[A-Za-z0-9_-]{43,}$/.test(part))) {
    throw new Advice(
      "TICKET_SECRET must be one or more secrets separated by commas, each of 32 bytes or more in base64url.",
    );
  }
  return secrets.map((part) => {
    const key = hmac(Buffer.from(part, "base64url"))
      .update(`edgegate ticket 1\0${label}\0${issuer}`)
      .digest();
    return hmac(key).update(message).digest("hex").slice(0, LENGTH);
  });
}

/** @param {import("node:crypto").BinaryLike} key */
const hmac = (key) => createHmac("sha256", key);

/**
 * The network of an IP address, by which the service counts requests for its rate limits. For an
 * IPv4 address, even if it is written as an IPv6 address, this is the IPv4 address itself. For any
 * other IPv6 address, it is the /64 network.
 *
 * @param {string} ip
 */
function network(ip) {
  if (isIP(ip) === 4) return ip;
  const groups = groupsOf(ip);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join(".");
  }
  return written([...groups.slice(0, 4), 0, 0, 0, 0]);
}

/** @param {string} ip */
function groupsOf(ip) {
  if (!URL.canParse(`http://[${ip}]`))
    throw new Advice(`"${ip}" can't be used here. Write the IPv6 address without a zone.`);
  const [head, tail] = new URL(`http://[${ip}]`).hostname
    .slice(1, -1)
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = tail ? Array(8 - head.length - tail.length).fill("0") : [];
  return [...head, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
}

/**
 * The text of an IPv6 address, in the form of RFC 5952.
 *
 * @param {number[]} groups
 */
const written = (groups) =>
  new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]`).hostname.slice(1, -1);
