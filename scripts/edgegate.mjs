// `npm run edgegate`: runs the command `edgegate` in this repository, as `npx edgegate` does in a
// project made from the template.
import { helpIfAsked, main } from "./project/advice.mjs";
import { edgegate } from "./project/command.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE = `Use it as \`npm run edgegate -- <command>\`:
  clients   registers, shows, changes and deletes apps that sign in here
  completion prints a script with which bash or zsh completes the command
  doctor    looks for what is wrong with the service; --remote for the deployed one
  keys      rotates the secrets of the deployed service; its command make prints new ones
  mail      mails that could not be sent; --remote for those of the deployed service
  pseudonym shows what stands for an address or a network in the log
  restored  raises all counters after a restore of the database
  sessions  shows and ends the sessions of a user
  users     shows, changes, imports and exports accounts
Options of a command: \`npm run edgegate -- <command> --help\`. \`npm run deploy\` is its command deploy.`;

await main(async () => {
  const given = process.argv.slice(2);
  helpIfAsked(USAGE, given.slice(0, 1));
  await setUp();
  return edgegate(given);
});
