// `npm run keys`: new secrets for a deployment, each with the command that stores it. `npm run keys
// -- --pepper`: one pepper.
import { main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { signingKeys, ticketSecret } from "./project/secrets.mjs";

await main(async () => {
  const { values } = parsed(
    { options: { pepper: { type: "boolean" } } },
    "use it as `npm run keys` or `npm run keys -- --pepper`",
  );
  const secrets = values.pepper
    ? // The operator raises the number for each further pepper: a hash names its pepper by it.
      { PEPPERS: `1:${ticketSecret()}` }
    : { SIGNING_KEYS: signingKeys(), TICKET_SECRET: ticketSecret() };
  const commands = Object.entries(secrets).map(
    ([name, text]) => `npx wrangler secret put ${name}\n${text}\n`,
  );

  console.log(`
Run each command and paste the line under it. Cloudflare never shows a secret again: keep a copy where you keep
secrets, and nowhere else. Each command replaces the secret that was there before.

${commands.join("\n")}`);
});
