import { withPid } from "../bench/process.mjs";
import { startEdgegate } from "../bench/subjects/edgegate.mjs";
import { startJose } from "../bench/subjects/peers.mjs";
import { makeKeys } from "../bench/subjects/tokens.mjs";
import { measure } from "../bench/load.mjs";
import { WORKS } from "../bench/subjects/works.mjs";
import { busyMilliseconds } from "../bench/process.mjs";
const [works, seconds, rounds, ...variants] = process.argv.slice(2);
const { HS256, ...pairs } = makeKeys();
const subjects = {};
let tokens;
for (const v of variants.filter((v) => v !== "jose")) { subjects[v] = await withPid(() => startEdgegate({ keys: pairs, folder: `/tmp/ab/${v}` })); tokens = subjects[v].tokens; }
if (variants.includes("jose")) subjects.jose = await withPid(() => startJose(pairs, tokens));
for (const w of works.split(",")) {
  const got = Object.fromEntries(variants.map((v) => [v, []]));
  for (let r = -1; r < +rounds; r++) for (let k = 0; k < variants.length; k++) {
    const v = variants[(k + r + 1) % variants.length]; const s = subjects[v];
    const begin = await s.works[w]();
    const clients = Array.from({ length: WORKS[w].connections }, (_, i) => begin(i));
    const a = busyMilliseconds(s.pid); const { times } = await measure(s.url, clients, +seconds); const b = busyMilliseconds(s.pid);
    if (r >= 0) got[v].push(((b - a) * 1000) / times.length);
  }
  for (const v of variants) { const x = got[v].sort((p, q) => p - q); console.log(w, v, "min", x[0].toFixed(1), "q1", x[Math.floor(x.length / 4)].toFixed(1), "median", x[Math.floor(x.length / 2)].toFixed(1)); }
}
await Promise.all(Object.values(subjects).map((s) => s.stop()));
process.exit(0);
