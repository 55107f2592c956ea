#!/usr/bin/env node
// The command `edgegate`. Each subcommand has a file of its own beside this one, and what several of
// them need is in lib/.
import { clients } from "./clients.js";
import { deploy } from "./deploy.js";
import { dev } from "./dev.js";
import { doctor } from "./doctor.js";
import { keys } from "./keys.js";
import { run } from "./lib/program.js";
import { mail } from "./mail.js";
import { prepare } from "./prepare.js";
import { pseudonym } from "./pseudonym.js";
import { restored } from "./restored.js";
import { sessions } from "./sessions.js";
import { upgrade } from "./upgrade.js";
import { users } from "./users.js";

await run(
  [
    ...[clients, deploy, dev, doctor, keys, mail, prepare, pseudonym, restored, sessions, upgrade],
    ...[users],
  ],
  process.argv,
);
