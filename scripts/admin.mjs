// `npm run admin`: tasks of an operator that HTTP doesn't offer. Without --remote it uses the local
// database.
//   npm run admin -- grant <email> <role>       gives a role, for example to the first administrator
//   npm run admin -- revoke <email> <role>      takes a role; from the last administrator only with --last
//   npm run admin -- pseudonym <email or IP>    shows the pseudonym that stands for it in the log
//   npm run admin -- mail list                  shows mails that could not be sent
//   npm run admin -- mail retry <id>|all        sends them again
//   npm run admin -- restored                   after a restore of the database: raises all counters
import { listMail, retryMail } from "./admin/mail.mjs";
import { showPseudonyms } from "./admin/pseudonym.mjs";
import { liftCounters } from "./admin/restored.mjs";
import { changeRole } from "./admin/roles.mjs";
import { Advice, main } from "./project/advice.mjs";
import { values } from "./project/dev-arguments.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE =
  "use `npm run admin -- grant <email> <role>`, `… -- revoke <email> <role> [--last]`, `… -- pseudonym <email or IP>`, `… -- mail list`, `… -- mail retry <id>|all` or `… -- restored`, and add --remote for the deployed service";

// The secret of `pseudonym` is for this process alone: no program that is started from here gets it.
const ticketSecret = process.env.TICKET_SECRET;
delete process.env.TICKET_SECRET;

await main(async () => {
  const { words, place, environment, last } = parse(process.argv.slice(2));
  const [verb, first, second] = words;
  if (last && verb !== "revoke") throw new Advice(`--last works only with revoke: ${USAGE}.`);
  const command = {
    "grant 3": () => changeRole(verb, [first, second], place, environment),
    "revoke 3": () => changeRole(verb, [first, second], place, environment, { last }),
    "pseudonym 2": () => showPseudonyms(first, ticketSecret, place, environment),
    "restored 1": () => liftCounters(place),
    "mail 2": first === "list" && (() => listMail(place)),
    "mail 3": first === "retry" && (() => retryMail(second, place)),
  }[`${verb} ${words.length}`];
  if (!command) throw new Advice(`${USAGE}.`);
  // The set-up runs scripts of npm packages, and pseudonyms need nothing of it.
  if (verb !== "pseudonym") await setUp();
  await command();
});

function parse(args) {
  const environment = values(args, "--env").at(-1);
  const persistTo = values(args, "--persist-to").at(-1);
  const options = args.filter(
    (arg, n) => arg.startsWith("--") || ["--env", "--persist-to"].includes(args[n - 1]),
  );
  if (
    !options.every(
      (arg) =>
        /^--(remote|local|last|env(=.*)?|persist-to(=.*)?)$/.test(arg) ||
        arg === environment ||
        arg === persistTo,
    )
  ) {
    throw new Advice(`${USAGE}.`);
  }
  const place = args.includes("--remote") ? ["--remote"] : ["--local"];
  if (environment) place.push("--env", environment);
  if (persistTo) place.push("--persist-to", persistTo);
  return {
    words: args.filter((arg) => !options.includes(arg)),
    place,
    environment,
    last: args.includes("--last"),
  };
}
