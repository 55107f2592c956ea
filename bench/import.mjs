// `npm run bench:import`: measures how much time and memory the command that imports user accounts
// needs for many accounts. The bench runs `npm start` to start a service that stores sessions in
// Durable Objects. It imports a file with a tenth of the rows, then a file with all rows, then the
// second file again. The bench fails if the memory of the command grows with the size of the file.
//
//   npm run bench:import -- --rows 100000
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { signingKeys, ticketSecret } from "../npm/edgegate-worker/cli/lib/secrets.js";
import { Advice, main } from "../scripts/project/advice.mjs";
import { parsed, wholeNumber } from "../scripts/project/arguments.mjs";
import { inRoot, root } from "../scripts/project/root.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import { processorTime } from "./process.mjs";

const USAGE = "use it as `npm run bench:import -- --rows 100000`";
const READY_SECONDS = 600;
/**
 * The import of all rows may need at most this many times the memory that the import of a tenth of
 * the rows needs. The limit is not 1, because the memory varies: one can't predict when Node
 * collects garbage.
 */
const MOST_GROWTH = 1.5;
const MIB = 1024;

/**
 * Starts a new service with a new database. `folder` is for its files.
 *
 * @param {string} folder
 */
async function startService(folder) {
  const port = await freePort();
  const variables = join(folder, "variables");
  const secrets = `SIGNING_KEYS='${signingKeys()}'\nTICKET_SECRET='${ticketSecret()}'\n`;
  writeFileSync(variables, `DEV=1\nSESSION_STORE=durable\n${secrets}`);
  const mark = randomUUID();
  const child = spawn(
    node(),
    [
      inRoot("scripts/start.mjs"),
      ...["--port", `${port}`, "--env-file", variables, "--persist-to", join(folder, "state")],
    ],
    {
      cwd: root,
      env: { ...process.env, CLOUDFLARE_ENV: undefined, EDGEGATE_MARK: mark },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (text = (text + chunk).slice(-4000)));
  const ended = new Promise((resolve) => child.on("close", resolve));
  const isHealthy = () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let seconds = 0; !(await isHealthy()); seconds += 1) {
    if (child.exitCode !== null || seconds > READY_SECONDS)
      throw new Advice(`the service did not start:\n${text}`);
    await sleep(1000);
  }
  return {
    port,
    /** The memory of the largest workerd process, in KiB. */
    memory: () => Math.max(0, ...processesOf(mark, "workerd").map((pid) => memoryOf(pid).now)),
    /** Milliseconds of processor time of workerd so far. */
    work: () =>
      processesOf(mark, "workerd").reduce((sum, pid) => sum + (processorTime(pid) ?? 0), 0),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/**
 * Imports a file, and prints a row of the table.
 *
 * @param {string} what
 * @param {string} folder
 * @param {Awaited<ReturnType<typeof startService>>} service
 * @param {{ path: string, rows: number }} file
 */
async function timed(what, folder, service, { path, rows }) {
  const begun = performance.now();
  const before = service.work();
  const child = spawn(
    node(),
    [
      inRoot("npm/edgegate-worker/cli/edgegate.js"),
      ...["users", "import", path, "--json"],
      ...["--port", `${service.port}`, "--persist-to", join(folder, "state")],
    ],
    { cwd: root, env: toolEnv(), stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  let [peak, served, worked] = [0, 0, 0];
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryOf(child.pid ?? 0).most);
    served = Math.max(served, service.memory());
    worked = processorTime(child.pid) ?? worked;
  }, 100);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  const { imported, already_there, refused } = JSON.parse(text || "{}");
  if (code !== 0 || refused !== 0 || imported + already_there !== rows)
    throw new Advice(`the import of ${rows} rows ended with ${code}: ${text}`);
  const cells = [
    ...[what, rows, seconds.toFixed(1), Math.round(rows / seconds)],
    ...[(worked / 1000).toFixed(1), ((service.work() - before) / 1000).toFixed(1)],
    ...[mib(peak), mib(served)],
  ];
  console.log(`| ${cells.join(" | ")} |`);
  return { peak };
}

/**
 * Writes a file of user accounts, as another system would export them. The password hashes are
 * bcrypt hashes.
 *
 * @param {string} folder
 * @param {string} name the beginning of the email addresses; it must be different for each file
 * @param {number} rows
 */
async function fileOf(folder, name, rows) {
  const path = join(folder, `${name}.jsonl`);
  const file = createWriteStream(path);
  for (let n = 0; n < rows; n += 1) {
    const line = JSON.stringify({
      email: `${name}.${n}@example.com`,
      email_verified: true,
      password_hash: `$2b$10$${bcryptText(22)}${bcryptText(31)}`,
      first_name: "Ada",
      last_name: `Lovelace ${n}`,
      roles: ["user"],
      external_id: `${name}|${randomUUID()}`,
    });
    if (!file.write(`${line}\n`)) await once(file, "drain");
  }
  file.end();
  await finished(file);
  return { path, rows };
}

/** @param {number} length */
const bcryptText = (length) =>
  randomBytes(length).toString("base64").replaceAll("+", ".").replaceAll("=", "").slice(0, length);

/**
 * The memory of a process in KiB: `now` is the current size, and `most` the largest size so far.
 *
 * @param {number | string} pid
 */
function memoryOf(pid) {
  let status = "";
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // The process has ended.
  }
  const read = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return { now: read("VmRSS"), most: read("VmHWM") };
}

/**
 * The processes of the program with this name that this bench has started. The bench recognises
 * them by the mark, which it has put into their environment.
 *
 * @param {string} mark
 * @param {string} name
 */
const processesOf = (mark, name) =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const program = readFileSync(`/proc/${pid}/comm`, "latin1").trim();
      return program === name && readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
    } catch {
      return false;
    }
  });

/** @param {number} kib */
const mib = (kib) => `${Math.round(kib / MIB)} MiB`;

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

await main(async () => {
  const { values } = parsed({ options: { rows: { type: "string", default: "100000" } } }, USAGE);
  const rows = wholeNumber("rows", values.rows) ?? 0;
  if (!readdirSync("/").includes("proc"))
    throw new Advice("this reads memory from /proc: run it on Linux.");
  const folder = mkdtempSync(join(tmpdir(), "edgegate-import-"));
  const service = await startService(folder);
  try {
    console.log(
      "| | rows | seconds | rows a second | processor: command | service | memory: command | service |\n|---|---|---|---|---|---|---|---|",
    );
    const few = Math.ceil(rows / 10);
    const first = await timed("a tenth", folder, service, await fileOf(folder, "few", few));
    const all = await fileOf(folder, "all", rows);
    const whole = await timed("all", folder, service, all);
    await timed("all again", folder, service, all);
    const growth = whole.peak / first.peak;
    console.log(
      `\nThe command's largest memory with ten times the rows: ${growth.toFixed(2)} times as much.`,
    );
    return growth > MOST_GROWTH ? 1 : 0;
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
