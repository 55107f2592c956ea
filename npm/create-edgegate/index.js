#!/usr/bin/env node
// `npm create edgegate@latest my-auth`: makes a project from the template.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { install, makeSecrets } from "./install.js";
import { nodeProblem } from "./node-version.js";
import { Refusal } from "./refusal.js";
import { copyTemplate } from "./template.js";

const USAGE = `Usage: npm create edgegate@latest <folder> -- [options]

Makes a project in the folder ("my-auth" by default): copies the template, installs its packages and
makes secrets for local development. Run it again to add what is missing; it overwrites nothing.

  --store <store>    where sessions are stored: "durable" (the default) or "kv"
  --package <path>   installs edgegate-worker from this file instead of the npm registry
  --no-install       does not install packages
  --help             shows this`;

async function main() {
  const problem = nodeProblem(process.versions.node);
  if (problem) throw new Refusal(problem);
  const { values, positionals } = argumentsOf();
  if (values.help) return console.log(USAGE);
  const store = values.store ?? "durable";
  if (store !== "durable" && store !== "kv")
    throw new Refusal(`--store is "${store}": use "durable" or "kv".`);
  if (values.package !== undefined && !existsSync(values.package))
    throw new Refusal(`--package ${values.package}: there is no such file.`);
  const [folder = "my-auth", ...others] = positionals;
  if (others.length > 0)
    throw new Refusal(`one folder is enough, and these are more: ${others.join(", ")}.`);

  const made = copyTemplate(folder, { store, packed: values.package });
  console.log(
    made.written.length > 0
      ? `▸ ${folder}: wrote ${made.written.length} files`
      : `▸ ${folder}: all files are there`,
  );
  if (values.store !== undefined && !made.written.includes("wrangler.jsonc"))
    console.log(
      "▸ wrangler.jsonc is kept as it is: SESSION_STORE there says where sessions are stored",
    );
  if (values.install) {
    await install(made.folder);
    await makeSecrets(made.folder);
  }
  console.log(nextSteps(folder, values.install));
}

function argumentsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        store: { type: "string" },
        package: { type: "string" },
        install: { type: "boolean", default: true },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Refusal(`${message.split(". ")[0].replace(/\.$/, "")}.\n\n${USAGE}`);
  }
}

/**
 * @param {string} folder
 * @param {boolean} isInstalled
 */
const nextSteps = (folder, isInstalled) => `
  Next:
    cd ${/[^\w./-]/.test(folder) ? `'${folder.replaceAll("'", "'\\''")}'` : folder}${isInstalled ? "" : "\n    npm install"}
    npm start
`;

try {
  await main();
} catch (error) {
  const { message, syscall } = /** @type {NodeJS.ErrnoException} */ (error);
  // If a system call has failed, the cause is on this machine, such as a folder in which this user
  // may not write. This is not a bug of this program, so the message is printed without a stack
  // trace.
  if (!(error instanceof Refusal) && syscall === undefined) throw error;
  console.error(`\ncreate-edgegate: ${message}`);
  process.exitCode = 1;
}
