// `edgegate clients`: manages the apps (OAuth clients) in which people sign in with their account
// at this service.
import { Advice } from "./lib/advice.js";
import { requireStatus } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { serviceCommand, timeOf, withService } from "./lib/service.js";

const SCOPE = "clients";

/** @typedef {import("./lib/service.js").ServiceOptions} Options */

/**
 * An app, as the service's API returns it. `secrets` is missing in the list of all apps.
 *
 * @typedef {{ client_id: string, name: string, type: "public" | "confidential",
 *   first_party: boolean, redirect_uris: string[], post_logout_redirect_uris: string[],
 *   resources: string[], scopes: string[], id_token_signed_response_alg: string | null,
 *   disabled: boolean, created_at: number, secrets?: { id: string, created_at: number }[] }} Client
 */

/**
 * The options of the commands that register or change an app.
 *
 * @typedef {{ name?: string, redirectUri?: string[], postLogoutRedirectUri?: string[] | false,
 *   resource?: string[] | false, scope?: string[] | false, idTokenAlg?: string | false,
 *   firstParty?: boolean, disable?: boolean, enable?: boolean }} Fields
 */

/** @type {import("./lib/program.js").Register} */
export const clients = (program) => {
  const command = program
    .command("clients")
    .description("The apps (OAuth clients): shows, registers, changes and deletes them.");
  const change = { changes: true };
  serviceCommand(command, "list", "Shows all apps.").action(list);
  serviceCommand(command, "show", "Shows an app, and which secrets it has.")
    .argument("<client_id>")
    .action(show);
  withFields(
    serviceCommand(command, "create", "Registers an app and prints its secret, once.", change)
      .argument("<name>")
      .option("--confidential", "it can keep a secret: a server. Without it, a page or a program")
      .requiredOption("--redirect-uri <uri...>", "where answers go"),
  )
    .option("--first-party", "nobody is asked for consent, and it may see roles")
    .action(create);
  withFields(
    serviceCommand(command, "change", "Changes an app. A list replaces the current one.", change)
      .argument("<client_id>")
      .option("--name <name>")
      .option("--redirect-uri <uri...>", "where answers go"),
  )
    .option("--first-party", "nobody is asked for consent, and it may see roles")
    .option("--no-first-party", "people are asked for consent")
    .option("--no-post-logout-redirect-uri", "the browser goes nowhere after a log-out")
    .option("--no-resource", "it may get tokens for no API")
    .option("--no-scope", "it may get no scope of an API")
    .option("--no-id-token-alg", "the algorithm of the signing key")
    .option("--disable", "it begins no session, and its sessions can't be renewed")
    .option("--enable", "the opposite")
    .action(amend);
  serviceCommand(command, "delete", "Deletes an app and all grants to it.", change)
    .argument("<client_id>")
    .action(remove);
  const secret = command.command("secret").description("The secrets of a confidential app.");
  serviceCommand(secret, "add", "Makes a second secret and prints it, once.", change)
    .argument("<client_id>")
    .action(addSecret);
  serviceCommand(secret, "drop", "Deletes a secret: it is not valid any more.", change)
    .argument("<client_id>")
    .argument("<secret>", "its id, from `clients show`")
    .action(dropSecret);
};

/** @param {import("commander").Command} command */
const withFields = (command) =>
  command
    .option("--post-logout-redirect-uri <uri...>", "where the browser may go after a log-out")
    .option("--resource <uri...>", "the APIs for which it may get tokens")
    .option("--scope <scope...>", "the scopes of APIs that it may get")
    .option("--id-token-alg <algorithm>", "EdDSA, ES256 or RS256");

/**
 * The body of the request that creates or changes an app. If a member is undefined, the service
 * does not change that field of the app.
 *
 * @param {Fields} options
 */
export const fieldsOf = (options) => ({
  name: options.name,
  first_party: options.firstParty,
  redirect_uris: options.redirectUri,
  post_logout_redirect_uris: listOf(options.postLogoutRedirectUri),
  resources: listOf(options.resource),
  scopes: listOf(options.scope),
  id_token_signed_response_alg: options.idTokenAlg === false ? null : options.idTokenAlg,
  disabled: options.disable ? true : options.enable ? false : undefined,
});

/**
 * @param {string[] | false | undefined} list `false` comes from an option such as `--no-scope`,
 *   which empties the list.
 */
const listOf = (list) => (list === false ? [] : list);

/** @param {Options} options */
async function list(options) {
  const all = await withService(options, { scope: SCOPE }, async (ask) => {
    /** @type {Client[]} */
    const found = [];
    for (let query = ""; ; ) {
      const answer = await ask("GET", `/auth/clients${query}`);
      requireStatus(answer, [200], "the apps");
      found.push(...answer.body.clients);
      if (answer.body.cursor === null) return found;
      query = `?${new URLSearchParams({ cursor: answer.body.cursor })}`;
    }
  });
  const lines = all.map(
    ({ client_id, name, type, disabled }) =>
      `${client_id}  ${name}  ${type}${disabled ? " (disabled)" : ""}`,
  );
  tell(options, { clients: all }, lines.join("\n") || "No apps.");
}

/**
 * @param {string} id
 * @param {Options} options
 */
const show = (id, options) =>
  withService(options, { scope: SCOPE }, async (ask) => {
    const answer = await ask("GET", pathOf(id));
    requireFound(answer, [200], id);
    tell(options, answer.body, textOf(answer.body));
  });

/**
 * @param {string} name
 * @param {Options & Fields & { confidential?: boolean }} options
 */
const create = (name, options) =>
  withService(options, { scope: SCOPE, change: `Register the app ${name}.` }, async (ask) => {
    const type = options.confidential ? "confidential" : "public";
    const answer = await ask("POST", "/auth/clients", { ...fieldsOf(options), name, type });
    requireFields(answer);
    requireStatus(answer, [201], name);
    const secret = answer.body.client_secret;
    const text = [textOf(answer.body), ...(secret ? [toldSecret(secret)] : [])].join("\n");
    tell(options, answer.body, text);
  });

/**
 * @param {string} id
 * @param {Options & Fields} options
 */
const amend = (id, options) => {
  if (options.disable && options.enable)
    throw new Advice("--disable and --enable are opposites: give one of them.");
  const fields = fieldsOf(options);
  if (Object.values(fields).every((field) => field === undefined))
    throw new Advice(
      "nothing is to be changed: add an option, such as --name. `edgegate clients change --help` lists all.",
    );
  return withService(options, { scope: SCOPE, change: `Change the app ${id}.` }, async (ask) => {
    const answer = await ask("PATCH", pathOf(id), fields);
    requireFields(answer);
    requireFound(answer, [200], id);
    tell(options, answer.body, textOf(answer.body));
  });
};

/**
 * @param {string} id
 * @param {Options} options
 */
const remove = (id, options) =>
  withService(
    options,
    { scope: SCOPE, change: `Delete the app ${id}: nobody can sign in to it any more.` },
    async (ask) => {
      const answer = await ask("DELETE", pathOf(id));
      requireFound(answer, [204], id);
      tell(options, { client_id: id, deleted: true }, `The app ${id} is deleted.`);
    },
  );

/**
 * @param {string} id
 * @param {Options} options
 */
const addSecret = (id, options) =>
  withService(options, { scope: SCOPE, change: `Make a secret for ${id}.` }, async (ask) => {
    const answer = await ask("POST", `${pathOf(id)}/secrets`);
    if (answer.status === 409)
      throw new Advice(
        `${id} has two secrets already. \`edgegate clients show ${id}\` shows them; \`edgegate clients secret drop ${id} <secret>\` deletes the one that is not used any more.`,
      );
    requireFound(answer, [201], id);
    tell(options, answer.body, toldSecret(answer.body.client_secret));
  });

/**
 * @param {string} id
 * @param {string} secret
 * @param {Options} options
 */
const dropSecret = (id, secret, options) =>
  withService(
    options,
    { scope: SCOPE, change: `Delete the secret ${secret} of ${id}.` },
    async (ask) => {
      const answer = await ask("DELETE", `${pathOf(id)}/secrets/${encodeURIComponent(secret)}`);
      if (answer.status === 404)
        throw new Advice(`${id} has no secret ${secret}: \`edgegate clients show ${id}\`.`);
      requireStatus(answer, [204], id);
      tell(options, { client_id: id, dropped: secret }, `The secret ${secret} is deleted.`);
    },
  );

/** @param {string} id */
const pathOf = (id) => `/auth/clients/${encodeURIComponent(id)}`;

/**
 * @param {import("./lib/operator.js").Answer} answer
 * @param {number[]} statuses
 * @param {string} id
 */
function requireFound(answer, statuses, id) {
  if (answer.status === 404)
    throw new Advice(`no app has the client_id ${id}: \`edgegate clients list\` shows all.`);
  requireStatus(answer, statuses, id);
}

/**
 * What the person can do when the service rejects a URI. The keys are the service's codes for the
 * reason.
 *
 * @type {Record<string, string>}
 */
export const REMEDIES = {
  too_long: "give at most 20, each of at most 512 bytes",
  character: "encode spaces and characters outside ASCII, as %20 for a space",
  percent_encoding: "write two hexadecimal digits after each %",
  user_info: "leave out the user and the password before the host",
  dot_segment: "write the path without . and ..",
  encoded_slash: "write the path without an encoded slash or backslash",
  not_a_url: "use https://, or http:// with 127.0.0.1, [::1] or localhost, as a browser writes it",
  not_https: "use https://, or http:// with 127.0.0.1, [::1] or localhost",
  scheme:
    "use https://, or for a native app a reversed domain name, as in com.example.app:/callback",
  fragment: "leave out the # and what follows it",
  host: "write the host as a browser does: in lower case, without the usual port",
  query: "leave parameters of an answer, such as code and state, out of its query",
  our_own: "this is what the service itself uses: name another",
};
const URI_FIELDS = ["redirect_uris", "post_logout_redirect_uris", "resources"];
const NO_KEY = "the service has no key of this algorithm: see ID_TOKEN_KEYS";

/**
 * Throws if the service has rejected a field for a reason that this module can explain (REMEDIES
 * and NO_KEY).
 *
 * @param {import("./lib/operator.js").Answer} answer
 */
function requireFields({ status, body }) {
  const [, field = "", reason = ""] = /^(\w+): (\w+)$/.exec(body?.detail ?? "") ?? [];
  const ofUri = URI_FIELDS.includes(field) ? REMEDIES[reason] : undefined;
  const remedy = reason === "no_key" ? NO_KEY : ofUri;
  if (status === 422 && remedy)
    throw new Advice(`the service rejects ${field} (${reason}): ${remedy}.`);
}

/** @param {string} secret */
const toldSecret = (secret) => `The secret, which is not shown again:\n${secret}`;

/** @param {Client} client */
function textOf(client) {
  const many = (/** @type {string[]} */ texts) => texts.join(" ") || "none";
  return [
    `${client.name}${client.disabled ? " (disabled)" : ""}`,
    `client_id      ${client.client_id}`,
    `type           ${client.type}${client.first_party ? ", first party" : ""}`,
    `redirect URIs  ${many(client.redirect_uris)}`,
    `after log-out  ${many(client.post_logout_redirect_uris)}`,
    `APIs           ${many(client.resources)}`,
    `scopes         ${many(client.scopes)}`,
    `id_token       ${client.id_token_signed_response_alg ?? "as the signing key"}`,
    `created        ${timeOf(client.created_at)}`,
    ...(client.secrets ?? []).map(
      ({ id, created_at }) => `secret         ${id}, made ${timeOf(created_at)}`,
    ),
  ].join("\n");
}
