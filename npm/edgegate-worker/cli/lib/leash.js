// Runs one command, and stops it and its child processes when the process that started this program
// ends:
//   node leash.js <command> [argument…]
// File descriptor 3 must be a pipe that the starting process (run.js) holds open.
//
// run.js starts this program in a process group of its own. The pipe closes when run.js closes it
// or its process dies, even by SIGKILL. Then the command gets a SIGTERM, and after a moment the
// whole group gets a SIGKILL. A signal handler in run.js can't do this: it does not run when its
// process is killed by SIGKILL, and if only wrangler gets a SIGTERM, its child process workerd can
// continue to run.
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";

const GRACE_MS = 3000;

// This program ignores these signals. Only the end of the command, or the closing of the pipe,
// makes it stop. A signal to the group must not end it before it has stopped the command.
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

// This program is also in the group, so no code runs after this call.
function killGroup() {
  process.kill(-process.pid, "SIGKILL");
}
