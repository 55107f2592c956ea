#!/usr/bin/env node
// The command `edgegate`.
import { run } from "./lib/program.js";
import { SUBCOMMANDS } from "./subcommands.js";

await run(SUBCOMMANDS, process.argv);
