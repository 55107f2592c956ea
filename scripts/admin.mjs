// `npm run admin`: tasks of an operator that HTTP doesn't offer. Without --remote it uses the local
// database.
//   npm run admin -- grant <email> <role>       gives a role, such as to the first administrator
//   npm run admin -- revoke <email> <role>      takes a role; the last administrator's with --last
//   npm run admin -- pseudonym <email or IP>    shows the pseudonym that stands for it in the log
//   npm run admin -- mail list                  shows mails that could not be sent
//   npm run admin -- mail retry <id>|all        sends them again
//   npm run admin -- restored                   raises all counters after a database restore
import { listMail, retryMail } from "./admin/mail.mjs";
import { pseudonymsOfAddresses, showPseudonyms } from "./admin/pseudonym.mjs";
import { liftCounters } from "./admin/restored.mjs";
import { changeRole } from "./admin/roles.mjs";
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { chosenEnvironment, readConfig } from "./project/config.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE =
  "use `npm run admin -- grant <email> <role>`, `… -- revoke <email> <role> [--last]`, `… -- pseudonym <email or IP>`, `… -- mail list`, `… -- mail retry <id>|all` or `… -- restored`, and add --remote for the deployed service, --env <name> for an environment of wrangler.toml";

// Only this process gets the secret of `pseudonym`. Programs that it starts don't.
const ticketSecret = process.env.TICKET_SECRET;
delete process.env.TICKET_SECRET;

await main(async () => {
  const { words, place, environment, last } = parse();
  const [verb, first, second] = words;
  if (last && verb !== "revoke") throw new Advice(`--last works only with revoke: ${USAGE}.`);
  /** @type {Record<string, false | (() => Promise<void>)>} */
  const commands = {
    "grant 3": () => changeRole(verb, [first, second], place, environment),
    "revoke 3": () => changeRole(verb, [first, second], place, environment, { last }),
    "pseudonym 2": () => showPseudonyms(first, ticketSecret, place, environment),
    "restored 1": () => liftCounters(place),
    "mail 2":
      first === "list" &&
      (async () => listMail(place, await pseudonymsOfAddresses(ticketSecret, place, environment))),
    "mail 3": first === "retry" && (() => retryMail(second, place)),
  };
  const command = commands[`${verb} ${words.length}`];
  if (!command) {
    const given =
      words.length > 0 ? `"${words.join(" ")}" is not a command` : "a command is missing";
    throw new Advice(`${given}: ${USAGE}.`);
  }
  // Set-up runs scripts of npm packages. Pseudonyms need nothing from it.
  if (verb !== "pseudonym") await setUp();
  // wrangler would act on the top-level database for an environment that it doesn't know.
  if (environment) await readConfig(environment);
  await command();
});

function parse() {
  const { values, positionals } = parsed(
    {
      allowPositionals: true,
      options: {
        remote: { type: "boolean" },
        local: { type: "boolean" },
        last: { type: "boolean", default: false },
        env: { type: "string" },
        "persist-to": { type: "string" },
      },
    },
    USAGE,
  );
  const environment = chosenEnvironment(values.env);
  const place = values.remote ? ["--remote"] : ["--local"];
  place.push(`--env=${environment ?? ""}`);
  if (values["persist-to"]) place.push("--persist-to", values["persist-to"]);
  return { words: positionals, place, environment, last: values.last };
}
