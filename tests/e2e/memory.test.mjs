// One isolate (a running instance of the Worker) serves 60,000 requests of several kinds, most of
// them hostile. `npm run test:wide` sends 100,000. The first 40,000 requests fill the caches. After
// them, the memory must stop growing: the wasm memory must keep exactly its size, and the process
// must not grow by more than V8's heap explains.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Pool } from "undici";
import { count } from "../count.mjs";
import { wide } from "../wide.mjs";
import { chunks, makeSession, makeUsers } from "./forge.mjs";
import { startWorkers } from "./workers.mjs";

const STEPS = wide(3, 5);
const [STEP, WARM_STEPS, SESSIONS, USERS, CONNECTIONS] = [20_000, 2, 2000, 100, 16];
const REQUESTS = STEPS * STEP;
const MIB = 1024 * 1024;
// The process is allowed to grow by this amount, because V8 decides when it frees memory, and
// because the runtime stores KV in the same process. In our runs the process grew by 60 MiB.
const MOST_GROWTH = 180 * MIB;
const JSON_HEADERS = { "content-type": "application/json" };
const FORM_HEADERS = { "content-type": "application/x-www-form-urlencoded" };

test("a long row of requests leaves the memory as it was", { timeout: 1_200_000 }, async () => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  const pool = new Pool(edge.url.origin, { connections: CONNECTIONS });
  try {
    await edge.control({ remember: true, quiet: true });
    const users = await makeUsers(edge.db, USERS);
    const sessions = [];
    for (const some of chunks(
      Array.from({ length: SESSIONS }, (_, i) => users[i % USERS]),
      50,
    )) {
      sessions.push(...(await Promise.all(some.map((user) => makeSession(edge, "kv", user, 600)))));
    }
    const statuses = {};
    const measured = [];
    const kinds = requests(sessions);
    for (let done = 0; done < REQUESTS; done += STEP) {
      await atOnce(STEP, async (i) => {
        const { expected, ...request } = kinds(done + i);
        const { statusCode, body } = await pool.request(request);
        const text = await body.text();
        assert.equal(statusCode, expected, `${request.method} ${request.path}: ${text}`);
        if ("renews" in request) Object.assign(Object(request.renews), JSON.parse(text));
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      });
      const { memory } = await edge.control({});
      measured.push({ ...memory, process: residentBytes() });
    }
    const [warm, last] = [measured[WARM_STEPS - 1], measured.at(-1)];
    const inMib = (bytes) => (bytes / MIB).toFixed(1);
    const line =
      `${REQUESTS} requests (${Object.entries(statuses)
        .map(([status, times]) => `${times} of ${status}`)
        .join(", ")}): ` +
      `wasm ${measured.map(({ bytes }) => inMib(bytes)).join(", ")} MiB, process ${measured.map(({ process }) => inMib(process)).join(", ")} MiB after each ${STEP}`;
    console.log(line);
    count("memory", line);
    assert.deepEqual(
      { bytes: last.bytes, instances: last.instances },
      { bytes: warm.bytes, instances: 1 },
    );
    assert.ok(last.process - warm.process < MOST_GROWTH, line);
  } finally {
    await pool.destroy();
    await stop();
  }
});

/**
 * Returns a function that makes the nth request. Some requests are those of an honest client, and
 * the others are hostile.
 */
function requests(sessions) {
  const post = (path, body, expected, headers = JSON_HEADERS) => ({
    method: "POST",
    path,
    headers,
    body,
    expected,
  });
  const get = (path, token, expected) => ({
    method: "GET",
    path,
    headers: token ? { authorization: `Bearer ${token}` } : {},
    expected,
  });
  const large = JSON.stringify({ email: "a".repeat(17_000) });
  return (i) => {
    const session = sessions[Math.floor(i / 10) % sessions.length];
    const token = session.access_token ?? "none";
    switch (i % 10) {
      case 0: {
        const body = `grant_type=refresh_token&refresh_token=${session.refresh_token ?? session.token}`;
        return { ...post("/auth/token", body, 200, FORM_HEADERS), renews: session };
      }
      case 1:
        return get(`/nothing/${i}?${"q".repeat(i % 500)}`, undefined, 404);
      case 2:
        return get("/auth/authorized?role=user", `${i}.${"x".repeat(i % 3000)}.y`, 401);
      case 3:
        return post("/auth/login", large, 413);
      case 4:
        return post("/auth/login", `{"email":"${i}@example.com","password":[${i}]}`, 400);
      case 5:
        return post("/auth/revoke", `token=egr_${i}`, 200, FORM_HEADERS);
      case 6:
        return post(
          "/auth/token",
          `grant_type=refresh_token&refresh_token=egr_${"A".repeat(i % 200)}`,
          400,
          FORM_HEADERS,
        );
      case 7:
        // Send the session's newest token, if the session already has one. The tokens change all
        // the time, and there are more tokens than the Worker's cache can hold.
        return get(
          `/auth/authorized?user_id=${session.user}`,
          token,
          session.access_token ? 200 : 401,
        );
      default:
        return get("/auth/authorized?role=nobody", token, session.access_token ? 403 : 401);
    }
  };
}

async function atOnce(times, work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < times) await work(next++);
    }),
  );
}

/** Returns how many bytes of memory the workerd process of this test uses. */
function residentBytes() {
  const status = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      return ""; // The process has ended since its id was read.
    }
  };
  const field = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  const mine = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(status)
    .filter((text) => /^Name:\s+workerd$/m.test(text) && field(text, "PPid") === process.pid);
  assert.equal(mine.length, 1, "one runtime");
  return field(mine[0], "VmRSS") * 1024;
}
