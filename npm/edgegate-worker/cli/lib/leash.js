// Runs one command so that none of its processes outlives the process that asked for it:
//   node leash.js <command> [argument…]     with file descriptor 3 a pipe held by the asker
//
// run.js starts this in its own process group. When the pipe closes, because the asker ended it or
// died (even by SIGKILL), the command gets a SIGTERM, and then its whole group a SIGKILL. A handler
// in the asker can't do that: it does not run when the asker is killed, and a SIGTERM to wrangler
// alone may leave workerd behind.
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";

const GRACE_MS = 3000;

// Only the pipe tells the leash to stop. A signal to the group must not end it before its work is
// done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: "inherit" });
let stopping = false;

child.on("error", (error) => {
  console.error(`can't run ${command}: ${error.message}`);
  process.exit(127);
});
child.on("exit", (code, signal) => {
  if (stopping) killGroup();
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
});

const pipe = new Socket({ fd: 3 });
pipe.on("error", stop).on("close", stop).resume();

function stop() {
  if (stopping) return;
  stopping = true;
  child.kill("SIGTERM");
  setTimeout(killGroup, GRACE_MS);
}

// The group is the leash's own, so this ends the leash as well: it must be the last thing done.
function killGroup() {
  process.kill(-process.pid, "SIGKILL");
}
