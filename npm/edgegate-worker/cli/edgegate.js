#!/usr/bin/env node
import { deploy } from "./deploy.js";
import { dev } from "./dev.js";
// The command `edgegate`. Each subcommand has a file of its own beside this one, and what several of
// them need is in lib/.
import { run } from "./lib/program.js";
import { prepare } from "./prepare.js";

await run([deploy, dev, prepare], process.argv);
