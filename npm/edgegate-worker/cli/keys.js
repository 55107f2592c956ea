// `edgegate keys`: rotates the secrets of a deployed service, step by step. It can also make new
// secrets, which the operator then stores by hand.
import { isDeepStrictEqual } from "node:util";
import { Advice } from "./lib/advice.js";
import { cloudflareOf } from "./lib/cloudflare.js";
import { chosenEnvironment } from "./lib/config.js";
import { requireConfirmation } from "./lib/confirm.js";
import {
  alone,
  dropPending,
  readPending,
  readRecord,
  readSecrets,
  secretsFile,
  withUpload,
  writePending,
  writeRecord,
  writeSecrets,
} from "./lib/deploy-secrets.js";
import { fetchKeys, idsIn, signingIds } from "./lib/jwks.js";
import { asOperator, requireStatus } from "./lib/operator.js";
import { deployedCommand, localCommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { pseudonyms } from "./lib/pseudonyms.js";
import { idleOf, nextStep, rotated, SECRETS } from "./lib/rotation.js";
import { guard, run } from "./lib/run.js";
import { idTokenKeys, signingKeys, ticketSecret } from "./lib/secrets.js";
import { accountsDatabase } from "./lib/stores.js";
import { workerOf } from "./lib/worker.js";
import { wrangler } from "./lib/wrangler.js";

/** An IP address that no network uses (RFC 5737). */
const SAMPLE_IP = "192.0.2.1";

/**
 * @typedef {{ json?: boolean, env?: string, ticket?: boolean, yes?: boolean, now?: boolean }} Options
 * @typedef {import("./lib/rotation.js").Step} Step
 * @typedef {import("./lib/rotation.js").Name} Name
 */

/** @type {import("./lib/program.js").Register} */
export const keys = (program) => {
  const command = program
    .command("keys")
    .description(
      "Rotates the secrets of the deployed service: add, a day later promote, then drop.",
    );
  /** @type {[string, string, (options: Options) => Promise<void>][]} */
  const subcommands = [
    ["list", "Shows the keys, in the order of their use, and which step is due.", list],
    [
      "add",
      "Appends a new key. It is accepted and published, and signs nothing yet.",
      stepOf("add"),
    ],
    ["promote", "Moves the newest key to the front: it signs from now on.", stepOf("promote")],
    ["drop", "Removes all keys but the first: what they signed is rejected.", stepOf("drop")],
  ];
  for (const [name, description, action] of subcommands) {
    const made = deployedCommand(command, name, description)
      .option("--ticket", "TICKET_SECRET instead of SIGNING_KEYS")
      .action(action);
    if (name !== "list")
      made
        .option("--now", "does not wait, such as after a leak; some users have to sign in again")
        .option("--yes", "does not ask; needed where there is no terminal");
  }
  localCommand(command, "make", "Prints new secrets, to store by hand. It stores nothing.")
    .option("--pepper", "PEPPERS instead of SIGNING_KEYS and TICKET_SECRET")
    .option("--id-token", "ID_TOKEN_KEYS instead of SIGNING_KEYS and TICKET_SECRET")
    .action(make);
};

const WARNING = {
  keys: `If this service runs already, don't replace its secrets: a new TICKET_SECRET alone signs everyone out, and a new
SIGNING_KEYS alone makes all access tokens invalid. \`npx edgegate keys add\` rotates them.`,
  pepper: `If PEPPERS has keys already, keep all of them: append the new one, with a number that none of them has and a
comma between. Move it to the front a day later, when every isolate knows it. Without its pepper, a password can't be
verified any more.`,
  idToken: `If ID_TOKEN_KEYS has a key already, put both into one set, the old one first, for a day. Then put the new one
first, and drop the old one when the last id_token that it signed has expired: after another day and an hour.`,
};

/** @typedef {{ json?: boolean, env?: string, pepper?: boolean, idToken?: boolean }} MakeOptions */

/** @param {MakeOptions} options */
async function make(options) {
  guard();
  if (options.pepper && options.idToken)
    throw new Advice("--pepper and --id-token make different secrets: give one of them.");
  const environment = chosenEnvironment(options.env) || undefined;
  const option = environment ? ` --env ${environment}` : "";
  const { warning, secrets } = newSecrets(options);
  const commands = Object.entries(secrets).map(
    ([name, text]) => `npx wrangler secret put ${name}${option}\n${text}\n`,
  );
  const text = `
Run each command and paste the line under it. Cloudflare never shows a secret again: keep a copy where you keep
secrets, and nowhere else. Each command replaces the secret that was there before.

${warning}

${commands.join("\n")}`;
  tell(options, secrets, text);
}

/**
 * Makes secrets. `warning` says what the operator must know before storing them.
 *
 * @param {MakeOptions} options
 * @returns {{ warning: string, secrets: Record<string, string> }}
 */
function newSecrets({ pepper, idToken }) {
  // The first pepper gets the number 1. Each password hash names the number of the pepper with
  // which it was made, so the operator must give each further pepper a number of its own.
  if (pepper) return { warning: WARNING.pepper, secrets: { PEPPERS: `1:${ticketSecret()}` } };
  if (idToken) return { warning: WARNING.idToken, secrets: { ID_TOKEN_KEYS: idTokenKeys() } };
  const secrets = { SIGNING_KEYS: signingKeys(), TICKET_SECRET: ticketSecret() };
  return { warning: WARNING.keys, secrets };
}

/** @param {Options} options */
function situationOf(options) {
  const project = projectOf();
  const environment = chosenEnvironment(options.env) || undefined;
  /** @type {Name} */
  const name = options.ticket ? "TICKET_SECRET" : "SIGNING_KEYS";
  const secrets = readSecrets(project, environment);
  const text = secrets[name];
  if (!text)
    throw new Advice(
      `${secretsFile(environment)} has no copy of ${name}, and Cloudflare doesn't show a stored secret: put your copy there, as in {"${name}": "…"}. A service that was not deployed yet has no keys to rotate: \`npm run deploy\` makes them.`,
    );
  const record = readRecord(project, environment);
  return { project, environment, name, secrets, text, record, done: record.rotation?.[name] };
}

/** @typedef {ReturnType<typeof situationOf>} Situation */

/** @param {Options} options */
async function list(options) {
  guard();
  const situation = situationOf(options);
  const { project, environment, name, text, done } = situation;
  const config = await project.config(environment);
  const due = nextStep({ name, text, done, idle: idleOf(config.vars), now: now() });
  const { split, nameOf } = SECRETS[name];
  const values = split(text).map(nameOf);
  const lines = values.map((value, n) => `  ${n === 0 ? "signs   " : "accepted"}  ${value}`);
  tell(
    options,
    { secret: name, values, next: due.step, from: due.from, due: due.isDue },
    [`${name} in ${secretsFile(environment)}:`, ...lines, "", toldStep(due, situation)].join("\n"),
  );
}

/**
 * Says which command to run next, and when.
 *
 * @param {ReturnType<typeof nextStep>} due
 * @param {Pick<Situation, "name" | "environment">} situation
 */
const toldStep = ({ step, from, isDue, isKnown }, { name, environment }) => {
  const options = [
    ...(name === "TICKET_SECRET" ? [" --ticket"] : []),
    ...(environment ? [` --env ${environment}`] : []),
  ].join("");
  const command = `\`npx edgegate keys ${step}${options}\``;
  if (step === "add") return `No rotation is under way. ${command} begins one.`;
  if (!isKnown)
    return `This folder has no record of the last step. If it was \`add\`, promote a day after it; if it was \`promote\`, drop after the wait that docs/operations.md names. Then add --now.`;
  return isDue ? `Due now: ${command}.` : `Next: ${command}, from ${timeOf(from)} on.`;
};

/**
 * The action of the subcommand that takes this step of the rotation.
 *
 * @param {Step} step
 * @returns {(options: Options) => Promise<void>}
 */
function stepOf(step) {
  return async (options) => {
    guard();
    const { project, environment } = situationOf(options);
    await alone(project, environment, () => takeStep(step, options));
  };
}

/**
 * @param {Step} step
 * @param {Options} options
 */
async function takeStep(step, options) {
  const situation = situationOf(options);
  const { project, environment, name, secrets, text } = situation;
  const config = await project.config(environment);
  const pending = readPending(project, environment);
  if (pending && (pending.name !== name || pending.step !== step))
    throw new Advice(
      `the step \`${pending.step}\` of ${pending.name} was cut short. Run it again first: it stores the same value.`,
    );
  if (!pending) requireDue(situation, step, options, idleOf(config.vars));
  const next = pending?.value ?? rotated(name, text, step);
  const cloudflare = await cloudflareOf(project, config);
  await requireSame(cloudflare, config, situation, pending?.value);
  await requireConfirmation(`Store ${name} of ${config.name} after \`${step}\`?`, {
    yes: options.yes,
  });
  // The new value is written to this machine before it is sent to Cloudflare. Cloudflare never
  // shows a stored secret, so a key that only Cloudflare has could never be rotated. If this
  // command fails and is repeated, it sends the value that the first run has written.
  writePending(project, environment, { name, step, value: next });
  const code = await store(situation, cloudflare.account, { [name]: next }, options);
  if (code !== 0)
    throw new Advice(
      `${name} was not stored, see above. Solve this and run the same command again.`,
    );
  writeSecrets(project, environment, { ...secrets, [name]: next });
  dropPending(project, environment);
  const record = readRecord(project, environment);
  const done = { step, at: now() };
  const { account = cloudflare.account, stores } = record;
  const rotation = { ...record.rotation, [name]: done };
  writeRecord(project, environment, { account, stores, rotation });
  const due = nextStep({ name, text: next, done, idle: idleOf(config.vars), now: now() });
  tell(
    options,
    { secret: name, step, next: due.step, from: due.from },
    `▸ ${name}: ${step} is done. ${toldStep(due, situation)}`,
  );
}

/**
 * @param {Situation} situation
 * @param {Step} step
 * @param {Options} options
 * @param {number} idle
 */
function requireDue({ name, text, done, environment }, step, options, idle) {
  // This call throws if the step is impossible with the present values of the secret. It throws
  // even if the step is due, or if `--now` is given.
  rotated(name, text, step);
  const due = nextStep({ name, text, done, idle, now: now() });
  if (options.now || (due.step === step && due.isDue)) return;
  throw new Advice(
    `${step} is not due. ${toldStep(due, { name, environment })} --now does it all the same, such as after a leak: then some users have to sign in again.`,
  );
}

/**
 * Throws if the secret on this machine seems to differ from the secret of the service. Without this
 * check, the command could overwrite the keys of the service with unrelated keys. Checks nothing if
 * the deployed Worker has no ISSUER.
 *
 * @param {import("./lib/cloudflare.js").Cloudflare} cloudflare
 * @param {import("./lib/config.js").Config} config
 * @param {Situation} situation
 * @param {string} [pending] the value of an interrupted run; it is unknown whether that run has
 *   stored the value at Cloudflare
 */
async function requireSame(cloudflare, config, situation, pending) {
  const { name, text, environment, secrets } = situation;
  const worker = await workerOf(cloudflare, config);
  if (!worker)
    throw new Advice(
      `there is no Worker ${config.name}: \`npm run deploy\` makes it, with its secrets.`,
    );
  const issuer = worker.variables.ISSUER;
  if (!issuer) return;
  if (name === "TICKET_SECRET")
    return requireSameTickets(cloudflare, config, { ...situation, issuer }, pending);
  // Only the ids of the public keys are compared. The service publishes no private keys, and
  // nothing about symmetric keys.
  const { keys: published } = await fetchKeys(issuer);
  const theirs = signingIds(published);
  if (theirs.length === 0 && publicIds(text).length === 0) {
    // Both have only symmetric keys. The folder belongs to this service if it has the same
    // TICKET_SECRET.
    const tickets = secrets.TICKET_SECRET;
    if (!tickets)
      throw new Advice(
        `${secretsFile(environment)} has no copy of TICKET_SECRET, by which a service with symmetric keys is recognized: put your copy there. Nothing was changed.`,
      );
    return requireSameTickets(cloudflare, config, { ...situation, text: tickets, issuer });
  }
  // The order is compared too, because it says which key signs.
  const isSame = (/** @type {string} */ secret) => isDeepStrictEqual(publicIds(secret), theirs);
  if (!isSame(text) && !(pending && isSame(pending)))
    throw new Advice(
      `${secretsFile(environment)} has the keys ${publicIds(text).join(", ")}, and ${issuer} has ${theirs.join(", ")}. After a change, wait a minute. Otherwise find the copy of what is stored: with another one, access tokens of your users would be rejected. Nothing was changed.`,
    );
}

/**
 * Like `requireSame`, but for TICKET_SECRET. The service never shows this secret. But the service
 * can compute pseudonyms of an IP address, one with each value of the secret. If the service and
 * this machine compute the same pseudonyms, they have the same secret.
 *
 * @param {import("./lib/cloudflare.js").Cloudflare} cloudflare
 * @param {import("./lib/config.js").Config} config
 * @param {Situation & { issuer: string }} situation
 * @param {string} [pending]
 */
async function requireSameTickets(cloudflare, config, { text, issuer, environment }, pending) {
  const database = await accountsDatabase(cloudflare, config);
  const theirs = await asOperator(
    { cloudflare, database, origin: issuer, scope: "pseudonyms" },
    async (ask) => {
      const answer = await ask("POST", "/auth/operator/pseudonyms", { ip: SAMPLE_IP });
      requireStatus(answer, [200], "TICKET_SECRET can't be compared with the stored one");
      return answer.body.pseudonyms;
    },
  );
  const isSame = (/** @type {string} */ secret) =>
    `${pseudonyms(SAMPLE_IP, secret, issuer)}` === `${theirs}`;
  if (!isSame(text) && !(pending && isSame(pending)))
    throw new Advice(
      `TICKET_SECRET in ${secretsFile(environment)} is not the one that ${issuer} has. After a change, wait a minute. Otherwise find the copy of what is stored: with another one, everyone would have to sign in again. Nothing was changed.`,
    );
}

/** @param {string} secret */
const publicIds = (secret) =>
  idsIn(secret).flatMap(({ kid, isPublished }) => (isPublished ? [kid] : []));

/**
 * @param {Situation} situation
 * @param {string} account
 * @param {Record<string, string>} secrets
 * @param {Options} options
 */
const store = ({ project, environment }, account, secrets, options) =>
  withUpload(project, environment, secrets, async (path) => {
    const [command, args, { env, ...more }] = wrangler(
      project,
      ...["secret", "bulk", path, `--env=${environment ?? ""}`],
    );
    const own = { ...env, CLOUDFLARE_ACCOUNT_ID: account };
    const { code } = await run(command, args, { ...more, env: own, toStderr: options.json });
    return code;
  });

const now = () => Math.floor(Date.now() / 1000);

/** @param {number} seconds since 1970 */
const timeOf = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
