// `edgegate sessions`: the sessions of one user.
import { Advice } from "./lib/advice.js";
import { requireStatus } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { findUser, serviceCommand, timeOf, withService } from "./lib/service.js";

/** @typedef {import("./lib/service.js").ServiceOptions & { end?: string }} Options */

/**
 * A session, as the service shows it. `app` is missing in sessions that belong to no app.
 *
 * @typedef {{ id: string, begun_at: number, last_used_at: number, network: string,
 *   device: { browser: string | null, os: string | null },
 *   place: { country: string | null, city: string | null },
 *   app?: { client_id: string | null, name: string | null } }} Session
 */

/** @type {import("./lib/program.js").Register} */
export const sessions = (program) =>
  void serviceCommand(program, "sessions", "Shows the sessions of a user, or ends them.", {
    changes: true,
  })
    .argument("<user>", "an email address or an id")
    .option("--end <id>", "ends this session, or with `all` each of them")
    .action(runSessions);

/**
 * @param {string} who
 * @param {Options} options
 */
async function runSessions(who, options) {
  const { end } = options;
  const change =
    end && (end === "all" ? `End all sessions of ${who}.` : `End the session ${end} of ${who}.`);
  await withService(options, { scope: "users:read sessions", change }, async (ask) => {
    const user = await findUser(ask, who);
    if (end === undefined) {
      const list = await sessionsOf(ask, user.id);
      const lines = list.map(lineOf);
      const text = [`${user.email} has ${counted(list.length)}.`, ...lines].join("\n");
      return tell(options, { user: user.id, sessions: list }, text);
    }
    const answer =
      end === "all"
        ? await ask("POST", `/auth/users/${user.id}/revoke`)
        : await ask("DELETE", `/auth/users/${user.id}/sessions/${encodeURIComponent(end)}`);
    if (answer.status === 404)
      throw new Advice(`${user.email} has no session ${end}: it may have ended already.`);
    requireStatus(answer, [204], `the sessions of ${user.email}`);
    const told =
      end === "all" ? `All sessions of ${user.email} have ended.` : `The session ${end} has ended.`;
    return tell(options, { user: user.id, ended: end }, told);
  });
}

/**
 * @param {import("./lib/service.js").Ask} ask with the scope `sessions`
 * @param {string} id of the user
 * @returns {Promise<Session[]>}
 */
export async function sessionsOf(ask, id) {
  const answer = await ask("GET", `/auth/users/${id}/sessions`);
  requireStatus(answer, [200], "the sessions");
  return answer.body.sessions;
}

/** @param {Session} session */
export function lineOf({ id, begun_at, last_used_at, device, place, network, app }) {
  const facts = [
    app && nameOf(app),
    `begun ${timeOf(begun_at)}`,
    `used ${timeOf(last_used_at)}`,
    [device.browser, device.os].filter(Boolean).join(" on "),
    [place.city, place.country].filter(Boolean).join(", "),
    network,
  ];
  return `  ${id}  ${facts.filter(Boolean).join("; ")}`;
}

/** @param {NonNullable<Session["app"]>} app */
function nameOf({ client_id, name }) {
  const known = name ?? client_id;
  return known === null ? "an app without access" : `app ${known}`;
}

/**
 * When the user last signed in. The sessions of apps are left out: an app can begin a session
 * without a sign-in.
 *
 * @param {Session[]} sessions
 */
export function lastSignIn(sessions) {
  const own = sessions.filter(({ app }) => !app).map(({ begun_at }) => begun_at);
  return own.toSorted((a, b) => b - a).at(0);
}

/** @param {number} count */
const counted = (count) =>
  count === 0 ? "no session" : `${count} ${count === 1 ? "session" : "sessions"}`;
