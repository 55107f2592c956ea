// This Worker makes the most important storage calls of edgegate's requests with the store `kv` and
// does nothing else, so edgegate can't be faster than this Worker. The keys and values of the calls
// are like those of edgegate (docs/storage.md).
import { DurableObject } from "cloudflare:workers";

// The bindings in wrangler.toml need classes with these names, but nothing calls them.
class Unused extends DurableObject {}

export { Unused as Account, Unused as MailGate, Unused as Sessions };

const IDLE_TTL = 2_592_000;
const ENDED_TTL = 34_560_300;
const UNUSED = '{"used":null,"at":null,"by":null}';
const USED = '{"used":0,"at":1767225700,"by":"5d41c0a7","auth_time":1767225600,"amr":1}';
const SEEN = {
  epoch: 0,
  seen: 1767225700,
  user_agent: "",
  network: "127.0.0.0",
  country: null,
  city: null,
};
const JOB = JSON.stringify({ task: "reset", padding: "0".repeat(200) });

const read = ({ SESSIONS, DB }, user, session) =>
  Promise.all([
    SESSIONS.get([`session:${user}:${session}`, `ended:${user}:${session}`], {}),
    DB.prepare("SELECT * FROM users WHERE id = ?1").bind(user).first(),
  ]);

const CALLS = {
  nothing() {},
  async "log-in"({ SESSIONS, DB }, user) {
    const sql = "SELECT * FROM (SELECT 1) LEFT JOIN users ON email_canonical = ?1";
    await DB.prepare(sql).bind(`${user}@example.com`).first();
    const options = { expirationTtl: IDLE_TTL, metadata: SEEN };
    await SESSIONS.put(`session:${user}:${crypto.randomUUID()}`, UNUSED, options);
  },
  /** The calls of a renewal that keeps the refresh token. */
  keep: read,
  /** The calls of a renewal that rotates the refresh token. */
  async rotate(env, user, session) {
    await read(env, user, session);
    const options = { expirationTtl: IDLE_TTL, metadata: SEEN };
    await env.SESSIONS.put(`session:${user}:${session}`, USED, options);
  },
  async "log-out"({ SESSIONS }, user, session) {
    const ended = `ended:${user}:${session}`;
    await SESSIONS.get([ended, `stale:${user}`], { cacheTtl: 30 });
    const end = '{"reason":"logged_out","at":1767225800}';
    await SESSIONS.put(`signed_off:${user}:${session}`, end, { expirationTtl: ENDED_TTL });
    await SESSIONS.put(ended, end, { expirationTtl: ENDED_TTL });
  },
  /** Puts a job into the mail queue. No mail is sent. */
  reset: ({ MAIL_QUEUE }) => MAIL_QUEUE.send(JOB, { contentType: "text" }),
};

export default {
  async fetch(request, env) {
    const [, call, user, session] = new URL(request.url).pathname.split("/");
    await CALLS[call](env, user, session);
    return new Response("{}", { headers: { "content-type": "application/json" } });
  },
  queue() {},
  scheduled() {},
};
