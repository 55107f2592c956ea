// `npm run bench:profile`: shows how much processor time each function of the Worker takes, as
// measured by V8's sampling profiler in workerd. For example:
//
//   npm run bench:profile -- --work renew --store durable --rotate-after 0 --alg HS256 \
//     --seconds 8 --json file.cpuprofile
//
// Open `file.cpuprofile` in the developer tools of a browser. "(program)" is the time outside of
// functions, which workerd itself uses.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { workerModule } from "../scripts/project/worker-module.mjs";
import { setUpBench } from "./set-up.mjs";

const FOLDER = "target/bench-profile";
const ROWS = 90;

await main(async () => {
  const { values } = parsed(
    {
      options: {
        work: { type: "string", default: "check-eddsa-repeated" },
        store: { type: "string", default: "kv" },
        alg: { type: "string" },
        "rotate-after": { type: "string" },
        seconds: { type: "string", default: "6" },
        json: { type: "string" },
      },
    },
    "use it as `npm run bench:profile -- --work renew --store durable --alg HS256 --rotate-after 0 --seconds 8 --json file.cpuprofile`; each option may be left out",
  );
  const failed = await setUpBench();
  if (failed) return failed;
  mkdirSync(inRoot(FOLDER), { recursive: true });
  await workerModule({ folder: FOLDER, optimised: true, named: true });

  const [{ startEdgegate }, { makeKeys }, { measure }, { WORKS }] = await Promise.all([
    import("./subjects/edgegate.mjs"),
    import("./subjects/tokens.mjs"),
    import("./load.mjs"),
    import("./subjects/works.mjs"),
  ]);
  const { HS256, ...pairs } = makeKeys();
  const rotateAfter = values["rotate-after"];
  const inspectorPort = await freePort();
  const edgegate = await startEdgegate({
    keys: values.alg === "HS256" ? { HS256 } : pairs,
    store: values.store,
    vars: rotateAfter === undefined ? {} : { ROTATE_AFTER: rotateAfter },
    folder: inRoot(FOLDER),
    inspectorPort,
  });
  try {
    const { connections } = WORKS[values.work];
    const begin = await edgegate.works[values.work]();
    const clients = Array.from({ length: connections }, (_, index) => begin(index));
    const profiler = await profilerOf(inspectorPort);
    await measure(edgegate.url, clients, 1);
    await profiler.start();
    const { rate } = await measure(edgegate.url, clients, Number(values.seconds));
    const profile = await profiler.stop();
    if (values.json) writeFileSync(inRoot(values.json), JSON.stringify(profile));
    console.log(
      `${values.work}: ${rate.toFixed(0)} requests/s\n${summary(profile, rate * Number(values.seconds))}`,
    );
  } finally {
    await edgegate.stop();
  }
  return 0;
});

async function profilerOf(port) {
  const { WebSocket } = await import("undici");
  const targets = /** @type {any[]} */ (
    await (await fetch(`http://127.0.0.1:${port}/json`)).json()
  );
  const { webSocketDebuggerUrl } =
    targets.find(({ title, id }) => `${title}${id}`.includes("worker-0")) ?? targets[0];
  const socket = new WebSocket(webSocketDebuggerUrl);
  const waiting = new Map();
  await new Promise((resolve, reject) =>
    Object.assign(socket, { onopen: resolve, onerror: reject }),
  );
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
  };
  let last = 0;
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await ask("Profiler.enable");
  await ask("Profiler.setSamplingInterval", { interval: 100 });
  return {
    start: () => ask("Profiler.start"),
    async stop() {
      const { profile } = await ask("Profiler.stop");
      socket.close();
      return profile;
    },
  };
}

/**
 * A list of the functions that took the most time, not including the functions that they called.
 * For each function, the list has its share of the time that was not idle, and the microseconds per
 * request.
 */
function summary({ nodes, samples, timeDeltas }, requests) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map();
  let busy = 0;
  samples.forEach((id, index) => {
    const { callFrame } = byId.get(id);
    const name =
      callFrame.functionName || `(${callFrame.url.split("/").at(-1)}:${callFrame.lineNumber})`;
    if (name === "(idle)") return;
    busy += timeDeltas[index];
    own.set(name, (own.get(name) ?? 0) + timeDeltas[index]);
  });
  const rows = [...own].sort(([, a], [, b]) => b - a).slice(0, ROWS);
  const line = (time, name) =>
    `${((time / busy) * 100).toFixed(1).padStart(5)} %  ${(time / requests).toFixed(2).padStart(7)} µs  ${name}`;
  return [
    line(busy, "all that was not idle"),
    ...rows.map(([name, time]) => line(time, name)),
  ].join("\n");
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
