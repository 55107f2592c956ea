// Reads from Linux's /proc how much processor time and memory workerd has used. Other operating
// systems don't have /proc, so measurements that need these numbers are left out there.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Runs the function `starting`, which starts one workerd process. Returns the result of the
 * function together with the `pid` of this process.
 */
export async function withPid(starting) {
  const before = new Set(workerds());
  const started = await starting();
  const [pid] = workerds().filter((pid) => !before.has(pid));
  return { ...started, pid };
}

/**
 * The processor time in milliseconds that the process has used so far. Undefined if it is unknown.
 */
export function processorTime(pid) {
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return undefined;
  // utime and stime are fields 14 and 15 of the line. The second field is the name in parentheses,
  // which can contain spaces. So the fields are counted from the closing parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks();
}

/**
 * The processor time in milliseconds of the threads that the process has now. It is exact to the
 * nanosecond. Undefined if it is unknown.
 */
export function busyMilliseconds(pid) {
  const threads = names(`/proc/${pid}/task`);
  if (threads.length === 0) return undefined;
  const nanoseconds = threads.map((thread) =>
    Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0),
  );
  return nanoseconds.reduce((sum, of) => sum + of, 0) / 1e6;
}

/** How many bytes of memory the process uses now. Undefined if it is unknown. */
export function memory(pid) {
  const kilobytes = read(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return kilobytes && Number(kilobytes) * 1024;
}

let perSecond;
const ticks = () =>
  (perSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })));

/** The ids of the workerd processes that this process has started. */
function workerds() {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      new RegExp(`^\\d+ \\(workerd\\) \\S ${process.pid} `).test(read(`/proc/${pid}/stat`) ?? ""),
    );
}

function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
