// `edgegate users`: the accounts of a service.
import { Advice } from "./lib/advice.js";
import { requireStatus } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { findUser, serviceCommand, timeOf, withService } from "./lib/service.js";
import { lineOf as mailLine, mailsOf } from "./mail.js";
import { lastSignIn, lineOf as sessionLine, sessionsOf } from "./sessions.js";
import { exportCommand } from "./users-export.js";
import { importCommand } from "./users-import.js";

const ADMIN = "admin";

/**
 * @typedef {import("./lib/service.js").ServiceOptions} Options
 * @typedef {import("./lib/service.js").Ask} Ask
 * @typedef {import("./lib/service.js").User} User
 */

/** @type {import("./lib/program.js").Register} */
export const users = (program) => {
  const command = program
    .command("users")
    .description("The accounts: shows, creates and changes them; imports and exports them.");
  const change = { changes: true };
  const aUser = /** @type {const} */ (["<user>", "an email address or an id"]);

  paged(serviceCommand(command, "list", "Shows all users, sorted by id.")).action(
    (/** @type {PageOptions} */ options) => showPage(options, {}),
  );
  paged(
    serviceCommand(command, "find", "Shows the users whose address begins with a text.").argument(
      "<prefix>",
    ),
  ).action((/** @type {string} */ prefix, /** @type {PageOptions} */ options) =>
    showPage(options, { prefix }),
  );
  serviceCommand(command, "show", "Shows a user, with sessions and mails that could not be sent.")
    .argument(...aUser)
    .action(show);
  serviceCommand(
    command,
    "create",
    "Creates an account and prints the link to its password.",
    change,
  )
    .argument("<email>")
    .option("--role <role...>", "its roles; `user` by default")
    .option("--first-name <name>")
    .option("--last-name <name>")
    .option("--mail", "sends the link by mail instead of printing it")
    .action(create);
  serviceCommand(
    command,
    "invite",
    "Prints another link for an account without a password.",
    change,
  )
    .argument(...aUser)
    .option("--mail", "sends the link by mail instead of printing it")
    .action(invite);
  serviceCommand(command, "grant", "Gives a user a role.", change)
    .argument(...aUser)
    .argument("<role>")
    .action(grant);
  lastly(serviceCommand(command, "revoke", "Takes a role from a user.", change))
    .argument(...aUser)
    .argument("<role>")
    .action(revoke);
  lastly(serviceCommand(command, "disable", "Ends all sessions of a user and allows none.", change))
    .argument(...aUser)
    .action(disable);
  serviceCommand(command, "enable", "Lets a disabled user sign in again.", change)
    .argument(...aUser)
    .action(enable);
  serviceCommand(command, "unlock", "Forgets failed attempts at a user's password.", change)
    .argument(...aUser)
    .action(unlock);
  serviceCommand(command, "verify", "Vouches that a user's address is theirs.", change)
    .argument(...aUser)
    .action(verify);
  importCommand(command);
  exportCommand(command);
};

/** @typedef {Options & { limit: string, cursor?: string }} PageOptions */

/** @param {import("commander").Command} command */
const paged = (command) =>
  command
    .option("--limit <number>", "the most users to show, up to 200", "50")
    .option("--cursor <cursor>", "continues after an earlier page");

/** @param {import("commander").Command} command */
const lastly = (command) =>
  command.option("--last", "also from the last administrator: then nobody can manage accounts");

/**
 * @param {PageOptions} options
 * @param {{ prefix?: string }} filter
 */
async function showPage(options, filter) {
  const { limit, cursor } = options;
  const query = new URLSearchParams({ ...filter, limit, ...(cursor && { cursor }) });
  const page = await withService(options, { scope: "users:read" }, async (ask) => {
    const answer = await ask("GET", `/auth/users?${query}`);
    requireStatus(answer, [200], "the users");
    return /** @type {{ users: User[], cursor: string | null }} */ (answer.body);
  });
  const lines = page.users.map(
    (user) => `${user.id}  ${user.email}  ${[...user.roles, ...stateOf(user)].join(" ")}`,
  );
  if (page.users.length === 0) lines.push("No users.");
  if (page.cursor !== null) lines.push(`More: add --cursor ${page.cursor}`);
  tell(options, page, lines.join("\n"));
}

/** @param {User} user */
const stateOf = ({ disabled, email_verified }) => [
  ...(disabled ? ["(disabled)"] : []),
  ...(email_verified ? [] : ["(address not verified)"]),
];

/**
 * @param {string} who
 * @param {Options} options
 */
async function show(who, options) {
  await withService(options, { scope: "users:read sessions mail" }, async (ask) => {
    const user = await findUser(ask, who);
    const list = await sessionsOf(ask, user.id);
    const mails = await mailsOf(ask, user.id);
    const latest = lastSignIn(list);
    const lines = [
      ...textOf(user),
      // If the session of the last sign-in has ended, its time is unknown, because the service does
      // not store ended sessions.
      `last sign-in  ${latest === undefined ? "no session is left of it" : timeOf(latest)}`,
      `sessions      ${list.length}`,
      ...list.map(sessionLine),
      `failed mails  ${mails.length}`,
      ...mails.map(mailLine),
    ];
    tell(options, { user, last_sign_in: latest ?? null, sessions: list, mails }, lines.join("\n"));
  });
}

/** @param {User} user */
const textOf = (user) => [
  `${user.email}${stateOf(user)
    .map((state) => ` ${state}`)
    .join("")}`,
  `id            ${user.id}`,
  `name          ${[user.first_name, user.last_name].filter(Boolean).join(" ") || "none"}`,
  `roles         ${user.roles.join(" ") || "none"}`,
  `created       ${timeOf(user.created_at)}`,
  `changed       ${timeOf(user.updated_at)}`,
];

/**
 * @param {string} email
 * @param {Options & { role?: string[], firstName?: string, lastName?: string, mail?: boolean }} options
 */
async function create(email, options) {
  const { role: roles, firstName: first_name, lastName: last_name } = options;
  const link = options.mail ? "mail" : "return";
  const change = `Create the account ${email}${roles ? ` with the roles ${roles.join(" ")}` : ""}.`;
  await withService(options, { scope: "users", change }, async (ask) => {
    const json = { email, roles, first_name, last_name, link };
    const answer = await ask("POST", "/auth/users", json);
    if (answer.status === 409)
      throw new Advice(
        `${email} has an account already. \`edgegate users invite ${email}\` prints another link while it has no password.`,
      );
    requireStatus(answer, [201], email);
    const text = `${email} has an account now, ${answer.body.id}.\n${toldLink(answer.body.invitation)}`;
    tell(options, answer.body, text);
  });
}

/**
 * @param {string} who
 * @param {Options & { mail?: boolean }} options
 */
async function invite(who, options) {
  const change = options.mail ? `Mail ${who} a link.` : `Make a link to the account ${who}.`;
  await withService(options, { scope: "users", change }, async (ask) => {
    const user = await findUser(ask, who);
    const link = options.mail ? "mail" : "return";
    const answer = await ask("POST", `/auth/users/${user.id}/invite`, { link });
    if (answer.status === 409)
      throw new Advice(`${user.email} can't be invited: ${answer.body.detail}.`);
    requireStatus(answer, [200, 202], user.email);
    tell(options, { id: user.id, invitation: answer.body ?? null }, toldLink(answer.body));
  });
}

/** @param {{ link: string, expires_at: number }} [invitation] */
const toldLink = (invitation) =>
  invitation
    ? `Whoever opens this link until ${timeOf(invitation.expires_at)} chooses the password:\n${invitation.link}`
    : "A mail with the link is on its way.";

/**
 * @param {string} who
 * @param {string} role
 * @param {Options} options
 */
const grant = (who, role, options) =>
  amend(options, who, `Give ${who} the role ${role}.`, { add_roles: [role] });

/**
 * @param {string} who
 * @param {string} role
 * @param {Options & { last?: boolean }} options
 */
const revoke = (who, role, options) => {
  if (options.last && role !== ADMIN)
    throw new Advice(`--last is for the role ${ADMIN}, and this is ${role}: leave it out.`);
  return amend(options, who, `Take the role ${role} from ${who}.`, { remove_roles: [role] });
};

/**
 * @param {string} who
 * @param {Options & { last?: boolean }} options
 */
const disable = (who, options) =>
  amend(options, who, `Disable ${who} and end all their sessions.`, { disabled: true });

/**
 * @param {string} who
 * @param {Options} options
 */
const enable = (who, options) => amend(options, who, `Enable ${who}.`, { disabled: false });

/**
 * Changes an account. The service adds and removes single roles, so that no change is lost when
 * two operators change an account at the same time.
 *
 * @param {Options & { last?: boolean }} options
 * @param {string} who
 * @param {string} change
 * @param {{ add_roles?: string[], remove_roles?: string[], disabled?: boolean }} amendment
 */
const amend = (options, who, change, amendment) =>
  withService(options, { scope: "users", change }, async (ask) => {
    const user = await findUser(ask, who);
    const last = options.last ? { may_leave_no_administrator: true } : {};
    // The request is sent even if the account is in the wanted state already, because an earlier
    // request might have been interrupted before it had its full effect.
    const answer = await ask("PATCH", `/auth/users/${user.id}`, { ...amendment, ...last });
    if (answer.status === 409 && answer.body?.code === "last_administrator")
      throw new Advice(
        `${user.email} is the last enabled administrator. --last does it all the same: then nobody can manage accounts until this command makes somebody an administrator.`,
      );
    requireStatus(answer, [200], user.email);
    tell(options, answer.body, textOf(answer.body).join("\n"));
  });

/**
 * @param {string} who
 * @param {Options} options
 */
const unlock = (who, options) =>
  withService(options, { scope: "users", change: `Unlock ${who}.` }, async (ask) => {
    const user = await findUser(ask, who);
    const answer = await ask("POST", `/auth/users/${user.id}/unlock`);
    requireStatus(answer, [204], user.email);
    tell(options, { id: user.id }, `No failed attempts at ${user.email} are counted any more.`);
  });

/**
 * @param {string} who
 * @param {Options} options
 */
const verify = (who, options) =>
  withService(options, { scope: "users", change: `Vouch for the address ${who}.` }, async (ask) => {
    const user = await findUser(ask, who);
    const answer = await ask("POST", `/auth/users/${user.id}/verify`);
    requireStatus(answer, [200], user.email);
    tell(options, answer.body, textOf(answer.body).join("\n"));
  });
