// `npm run keys`: fresh secrets for a deployment, each with the command that takes it.
import { signingKeys, ticketSecret } from "./project/secrets.mjs";

console.log(`
Run each command and paste the line under it. Cloudflare shows no secret again: keep a copy where you keep secrets, and
nowhere else. Each replaces the one before.

npx wrangler secret put SIGNING_KEYS
${signingKeys()}

npx wrangler secret put TICKET_SECRET
${ticketSecret()}
`);
