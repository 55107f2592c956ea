#!/usr/bin/env node
// The command `edgegate`. Each subcommand has a file of its own beside this one, and what several of
// them need is in lib/.
import { deploy } from "./deploy.js";
import { dev } from "./dev.js";
import { doctor } from "./doctor.js";
import { keys } from "./keys.js";
import { run } from "./lib/program.js";
import { prepare } from "./prepare.js";
import { pseudonym } from "./pseudonym.js";
import { upgrade } from "./upgrade.js";

await run([deploy, dev, doctor, keys, prepare, pseudonym, upgrade], process.argv);
