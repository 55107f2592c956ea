// `npm run admin -- pseudonym`: the pseudonyms that stand for an address or a network in the log.
import { pseudonyms } from "../../npm/edgegate-worker/cli/lib/pseudonyms.js";
import { Advice } from "../project/advice.mjs";
import { readConfig } from "../project/config.mjs";
import { devVar } from "../project/dev-vars.mjs";

const HOW =
  "Run `read -rs TICKET_SECRET && export TICKET_SECRET`, paste the secret, then run this command again";

/**
 * `pseudonym <email or IP address>`: one for each secret of TICKET_SECRET, because pseudonyms change
 * with the first secret. `given` is the secret of the environment.
 *
 * @param {string} text
 * @param {string | undefined} given
 * @param {string[]} place
 * @param {string} [environment]
 */
export async function showPseudonyms(text, given, place, environment) {
  const { vars } = await readConfig(environment);
  const remote = place[0] === "--remote";
  const secret = given ?? (remote ? undefined : devVar("TICKET_SECRET"));
  if (!secret) {
    throw new Advice(
      remote
        ? `TICKET_SECRET is not set in the environment. ${HOW}: Cloudflare doesn't show a stored secret.`
        : "TICKET_SECRET is missing in .dev.vars. Run `npm start` once to create it, or add --remote for the deployed service.",
    );
  }
  const issuer = (remote ? undefined : devVar("ISSUER")) ?? String(vars.ISSUER ?? "");
  pseudonyms(text, secret, issuer).forEach((pseudonym, n) => {
    console.log(
      `${pseudonym}  ${n === 0 ? "now" : `while secret ${n + 1} of TICKET_SECRET was the first`}`,
    );
  });
}

/**
 * Returns a function that gives the pseudonym of an address under the first secret. It gives
 * undefined without a secret, and for an address that this command can't bring into the form in
 * which the service compares it.
 *
 * @param {string | undefined} given the secret of the environment
 * @param {string[]} place
 * @param {string} [environment]
 */
export async function pseudonymsOfAddresses(given, place, environment) {
  const { vars } = await readConfig(environment);
  const isRemote = place[0] === "--remote";
  const secret = given ?? (isRemote ? undefined : devVar("TICKET_SECRET"));
  const issuer = (isRemote ? undefined : devVar("ISSUER")) ?? String(vars.ISSUER ?? "");
  return (/** @type {string} */ address) => {
    try {
      return secret && pseudonyms(address, secret, issuer)[0];
    } catch {
      return undefined;
    }
  };
}
