// Checks the DNS records that a recipient's mail server looks up about the sender's domain: SPF,
// DKIM and DMARC.
import { ok, problem, skipped, warning } from "./checks.js";
import { textRecords } from "./dns.js";

/**
 * The DKIM selectors that mail providers tell their customers to use. Some providers choose another
 * selector for each customer.
 *
 * @type {Record<string, string[]>}
 */
const SELECTORS = {
  resend: ["resend"],
  sendgrid: ["s1", "s2"],
  brevo: ["brevo1", "brevo2", "mail"],
  cloudflare: ["cf2024-1"],
  "cloudflare-binding": ["cf2024-1"],
};

/**
 * The checks of the domain in MAIL_FROM.
 *
 * @param {{ provider?: string, from?: string, selector?: string, resolver: string }} given
 *   `selector`: the selector of the DKIM key
 * @returns {Promise<{ checks: import("./checks.js").Check[], date?: string | null }>} `date`: what
 *   the resolver's clock says
 */
export async function checkMailDomain({ provider, from, selector, resolver }) {
  if (!provider || !from)
    return {
      checks: [
        warning(
          "mail",
          "no provider is set: a deployed service answers 500 to registering and forgotten passwords",
          "Set MAIL_PROVIDER and MAIL_FROM, and store MAIL_API_KEY.",
        ),
      ],
    };
  const domain = from
    .replace(/^.*@|>.*$/g, "")
    .trim()
    .toLowerCase();
  /** @type {string | null | undefined} */
  let date;
  const look = async (/** @type {string} */ name) => {
    const found = await textRecords(resolver, name);
    date = found.date;
    return found.records;
  };
  try {
    const spf = checkSpf(domain, await look(domain));
    const selectors = selector ? [selector] : (SELECTORS[provider] ?? []);
    const keys = [];
    for (const each of selectors) keys.push(...(await look(`${each}._domainkey.${domain}`)));
    const dmarc = await dmarcOf(domain, look);
    return { checks: [spf, checkDkim(domain, provider, selectors, keys), dmarc], date };
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error);
    const reason = cause instanceof Error ? cause.message : message;
    return {
      checks: ["SPF", "DKIM", "DMARC"].map((name) =>
        skipped(name, `the records of ${domain} can't be looked up: ${reason}`),
      ),
    };
  }
}

/**
 * @param {string} domain
 * @param {string[]} records
 */
function checkSpf(domain, records) {
  const found = records.filter((record) => /^v=spf1( |$)/i.test(record));
  if (found.length === 1) return ok("SPF", `${domain} has ${found[0]}`);
  if (found.length > 1)
    return problem(
      "SPF",
      `${domain} has ${found.length} SPF records, and then none of them is used`,
      "Make one record of them.",
    );
  return warning(
    "SPF",
    `${domain} has no SPF record`,
    "Add the one that your mail provider shows, unless it uses a subdomain for bounces.",
  );
}

/**
 * @param {string} domain
 * @param {string} provider
 * @param {string[]} selectors
 * @param {string[]} records
 */
function checkDkim(domain, provider, selectors, records) {
  if (selectors.length === 0)
    return skipped(
      "DKIM",
      `${provider} chooses a selector for each customer: name yours with --dkim <selector>`,
    );
  const found = records.filter((record) => /(^|;)\s*p=[A-Za-z0-9+/=\s]{20,}/.test(record));
  if (found.length > 0) return ok("DKIM", `${domain} has a key`);
  const names = selectors.map((each) => `${each}._domainkey.${domain}`).join(", ");
  return problem(
    "DKIM",
    `there is no key at ${names}`,
    "Add the record that your mail provider shows, or name its selector with --dkim <selector>: without it mails arrive as spam.",
  );
}

/**
 * Checks the DMARC policy of a domain. If the domain has none, the policy of its parent domain
 * applies.
 *
 * @param {string} domain
 * @param {(name: string) => Promise<string[]>} look
 */
async function dmarcOf(domain, look) {
  for (let name = domain; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
    const [found] = (await look(`_dmarc.${name}`)).filter((record) => /^v=DMARC1\b/i.test(record));
    if (!found) continue;
    const policy = /\bp\s*=\s*(\w+)/i.exec(found)?.[1]?.toLowerCase();
    return policy === "reject" || policy === "quarantine"
      ? ok("DMARC", `${name} has the policy ${policy}`)
      : warning(
          "DMARC",
          `${name} has the policy ${policy ?? "none"}: mails that only pretend to be yours are delivered`,
          "When reports show that your own mails pass, change it to p=quarantine.",
        );
  }
  return warning(
    "DMARC",
    `${domain} has no DMARC record`,
    `Add a TXT record at _dmarc.${domain}, such as "v=DMARC1; p=none; rua=mailto:<your address>".`,
  );
}
