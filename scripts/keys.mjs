// `npm run keys`: new secrets for a deployment, each with the command that stores it. `npm run keys
// -- --pepper`: one pepper. `npm run keys -- --id-token`: an RSA key for id_tokens.

import { idTokenKeys, signingKeys, ticketSecret } from "../npm/edgegate-worker/cli/lib/secrets.js";
import { main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { chosenEnvironment, readConfig } from "./project/config.mjs";

const USAGE =
  "use it as `npm run keys`, `npm run keys -- --pepper` or `npm run keys -- --id-token`, with `--env <name>` for an environment of wrangler.toml";

const WARNING = {
  keys: `If this service runs already, don't replace its secrets: a new TICKET_SECRET alone signs everyone out, and a new
SIGNING_KEYS alone makes all access tokens invalid. docs/operations.md says how to rotate them.`,
  pepper: `If PEPPERS has keys already, keep all of them: put the new one in front, with a number that none of them has,
and a comma between. Without its pepper, a password can't be verified any more.`,
  idToken: `If ID_TOKEN_KEYS has a key already, put both into one set, the old one first, for a day. Then put the new one
first, and drop the old one when the last id_token that it signed has expired: after another hour.`,
};

/**
 * The secrets to make, and what to know before they are stored.
 *
 * @param {{ pepper?: boolean, "id-token"?: boolean }} options
 */
function made(options) {
  if (options.pepper)
    // The operator raises the number for each further pepper: a hash names its pepper by it.
    return { warning: WARNING.pepper, secrets: { PEPPERS: `1:${ticketSecret()}` } };
  if (options["id-token"])
    return { warning: WARNING.idToken, secrets: { ID_TOKEN_KEYS: idTokenKeys() } };
  const secrets = { SIGNING_KEYS: signingKeys(), TICKET_SECRET: ticketSecret() };
  return { warning: WARNING.keys, secrets };
}

await main(async () => {
  const { values } = parsed(
    {
      options: {
        pepper: { type: "boolean" },
        "id-token": { type: "boolean" },
        env: { type: "string" },
      },
    },
    USAGE,
  );
  const environment = chosenEnvironment(values.env);
  if (environment) await readConfig(environment);
  const option = environment ? ` --env ${environment}` : "";
  const { warning, secrets } = made(values);
  const commands = Object.entries(secrets).map(
    ([name, text]) => `npx wrangler secret put ${name}${option}\n${text}\n`,
  );

  console.log(`
Run each command and paste the line under it. Cloudflare never shows a secret again: keep a copy where you keep
secrets, and nowhere else. Each command replaces the secret that was there before.

${warning}

${commands.join("\n")}`);
});
