// `npm run reset`: deletes the local data, so that the next `npm start` begins with the two demo
// accounts. Secrets and everything on Cloudflare stay.
import { existsSync } from "node:fs";
import { helpIfAsked, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { clear } from "./project/local-data.mjs";
import { withLock } from "./project/lock.mjs";
import { inRoot } from "./project/root.mjs";

const FOLDER = ".wrangler/state";
const USAGE = `Usage: npm run reset

Deletes ${FOLDER}: the accounts, sessions and mails of local development. The next \`npm start\` makes
a new database with the two demo accounts.

It does not touch .dev.vars (your development secrets and settings), wrangler.toml, or anything on
Cloudflare. It deletes nothing while a server uses the data.`;

await main(async () => {
  helpIfAsked(USAGE);
  parsed(
    { options: {} },
    "use it as `npm run reset`; it takes no arguments, and `npm run reset -- --help` says what it does",
  );
  // `npm start` takes this lock while it changes the local database.
  await withLock(
    "migrate",
    async () => {
      if (!existsSync(inRoot(FOLDER))) {
        console.log(`There is no local data: ${FOLDER} does not exist.`);
        return;
      }
      console.log(
        `This deletes ${FOLDER}: all accounts, sessions and mails of local development.\n` +
          "Kept: .dev.vars, wrangler.toml, and everything on Cloudflare.",
      );
      await clear(inRoot(FOLDER), FOLDER);
      console.log("Deleted. `npm start` makes a new database with the two demo accounts.");
    },
    () => console.log("▸ Database: waiting for another process"),
  );
});
