// .dev.vars: this machine's development secrets, and the mark DEV=1 that makes a Worker a development one. It is ignored
// by git and never deployed.
import { appendFileSync, readFileSync } from "node:fs";
import { inRoot } from "./root.mjs";
import { signingKeys, ticketSecret } from "./secrets.mjs";

const PATH = ".dev.vars";
const NEEDED = { DEV: () => "1", SIGNING_KEYS: signingKeys, TICKET_SECRET: ticketSecret };

/** Adds what is missing and never touches what is there; answers the names it found. */
export function completeDevVars() {
  const text = read();
  const names = new Set(
    [...text.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map(([, name]) => name),
  );
  const missing = Object.keys(NEEDED).filter((name) => !names.has(name));
  if (missing.length > 0) {
    const lines = missing.map((name) => `${name}='${NEEDED[name]()}'\n`).join("");
    const head =
      text === ""
        ? "# Made by `npm start`. Development only; add your own settings as you like.\n"
        : "";
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    appendFileSync(inRoot(PATH), head + gap + lines, { mode: 0o600 });
    console.log(`▸ Secrets: made ${missing.join(", ")} in ${PATH}`);
  }
  return names;
}

/** The value of a name; `undefined` when it is not there. */
export function devVar(name) {
  const value = read().matchAll(new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*(.*?)\\s*$`, "gm"));
  return [...value].at(-1)?.[1].replace(/^(['"])(.*)\1$/, "$2");
}

function read() {
  try {
    return readFileSync(inRoot(PATH), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}
