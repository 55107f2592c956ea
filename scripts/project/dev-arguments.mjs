// What follows `npm start --` goes to wrangler unchanged; this reads from it only what the script itself must know.
import { resolve } from "node:path";
import { Advice } from "./advice.mjs";
import { inRoot, root } from "./root.mjs";

export function devArguments(args, env = process.env) {
  const port = Number(last(args, "--port") ?? (env.PORT || 8787));
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Advice(
      `"${last(args, "--port") ?? env.PORT}" is no port: use a number from 1 to 65535, as in \`PORT=8788 npm start\`.`,
    );
  }
  const persistTo = last(args, "--persist-to");
  return {
    port,
    state: persistTo ? resolve(root, persistTo) : inRoot(".wrangler/state"),
    setsVar: (name) => values(args, "--var").some((value) => value.startsWith(`${name}:`)),
  };
}

const last = (args, option) => values(args, option).at(-1);

/** The values of an option, given as `--option value…` or `--option=value`. */
export function values(args, option) {
  const found = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i].startsWith(`${option}=`)) found.push(args[i].slice(option.length + 1));
    if (args[i] !== option) continue;
    // --var takes several values in a row.
    while (i + 1 < args.length && !args[i + 1].startsWith("-")) found.push(args[++i]);
  }
  return found;
}
