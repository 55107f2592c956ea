// `npm run keys`: fresh secrets for a deployment, each with the command that takes it; `npm run keys -- --pepper`: a pepper alone.
import { signingKeys, ticketSecret } from "./project/secrets.mjs";

const secrets = process.argv.includes("--pepper")
  ? // The number is the operator's to raise: it tells the keys apart.
    { PEPPERS: `1:${ticketSecret()}` }
  : { SIGNING_KEYS: signingKeys(), TICKET_SECRET: ticketSecret() };
const commands = Object.entries(secrets).map(
  ([name, text]) => `npx wrangler secret put ${name}\n${text}\n`,
);

console.log(`
Run each command and paste the line under it. Cloudflare shows no secret again: keep a copy where you keep secrets, and
nowhere else. Each replaces the one before.

${commands.join("\n")}`);
