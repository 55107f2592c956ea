// The schema of the local database.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Advice } from "./advice.js";
import { PREPARED } from "./project.js";
import { run } from "./run.js";
import { wrangler } from "./wrangler.js";

/**
 * Applies the project's migrations to the local database in the folder `state`, in which `wrangler
 * dev` stores it. Each environment has its own database.
 *
 * @param {import("./project.js").Project} project
 * @param {{ state: string, environment?: string, say: (text: string) => void }} options
 */
export async function migrateLocally(project, { state, environment, say }) {
  // wrangler takes two seconds to find that all migrations were applied already. To save this time,
  // a stamp file stores the hash of the applied migrations. It is in the folder of the database, so
  // deleting that folder deletes both.
  const stamp = join(state, `migrations${environment ? `-${environment}` : ""}.stamp`);
  const wanted = hashOf(project.inProject(PREPARED, "migrations"));
  if (textOf(stamp) === wanted) return;
  say("▸ Database: applying migrations");
  rmSync(stamp, { force: true });
  // Standard input is closed. wrangler notices this, and does not ask for a confirmation.
  const [command, args, options] = wrangler(
    project,
    ...["d1", "migrations", "apply", "DB", "--local", "--persist-to", state],
    `--env=${environment ?? ""}`,
  );
  const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
  if (code !== 0)
    throw new Advice(
      `a migration failed:\n${stdout}${stderr}\nYour local accounts are still in ${state}. To begin with an empty database and keep them, rename that folder and start again.`,
    );
  mkdirSync(state, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** @param {string} folder */
function hashOf(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort())
    hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
