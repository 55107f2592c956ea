// `npm run keys`: new secrets for a deployment, each with the command that stores it. `npm run keys
// -- --pepper`: one pepper.

import { signingKeys, ticketSecret } from "../npm/edgegate-worker/cli/lib/secrets.js";
import { main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { chosenEnvironment, readConfig } from "./project/config.mjs";

const USAGE =
  "use it as `npm run keys` or `npm run keys -- --pepper`, with `--env <name>` for an environment of wrangler.toml";

const WARNING = {
  keys: `If this service runs already, don't replace its secrets: a new TICKET_SECRET alone signs everyone out, and a new
SIGNING_KEYS alone makes all access tokens invalid. docs/operations.md says how to rotate them.`,
  pepper: `If PEPPERS has keys already, keep all of them: put the new one in front, with a number that none of them has,
and a comma between. Without its pepper, a password can't be verified any more.`,
};

await main(async () => {
  const { values } = parsed(
    { options: { pepper: { type: "boolean" }, env: { type: "string" } } },
    USAGE,
  );
  const environment = chosenEnvironment(values.env);
  if (environment) await readConfig(environment);
  const option = environment ? ` --env ${environment}` : "";
  const secrets = values.pepper
    ? // The operator raises the number for each further pepper: a hash names its pepper by it.
      { PEPPERS: `1:${ticketSecret()}` }
    : { SIGNING_KEYS: signingKeys(), TICKET_SECRET: ticketSecret() };
  const commands = Object.entries(secrets).map(
    ([name, text]) => `npx wrangler secret put ${name}${option}\n${text}\n`,
  );

  console.log(`
Run each command and paste the line under it. Cloudflare never shows a secret again: keep a copy where you keep
secrets, and nowhere else. Each command replaces the secret that was there before.

${WARNING[values.pepper ? "pepper" : "keys"]}

${commands.join("\n")}`);
});
