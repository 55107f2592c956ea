// Brings the local database's schema up to date.
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { Advice } from "./advice.mjs";
import { hashOf } from "./hash.mjs";
import { withLock } from "./lock.mjs";
import { inRoot, root } from "./root.mjs";
import { run } from "./run.mjs";
import { clearStamp, setStamp, stampIs } from "./stamp.mjs";
import { wrangler } from "./tools.mjs";

/**
 * Applies the new migrations of migrations/ to the local database in `folder`, in which `wrangler
 * dev` stores its data. An environment can have a database of its own.
 *
 * @param {string} [folder]
 * @param {string} [environment]
 */
export async function migrate(folder = inRoot(".wrangler/state"), environment) {
  if (
    !existsSync(inRoot("migrations")) ||
    !readdirSync(inRoot("migrations")).some((name) => name.endsWith(".sql"))
  )
    return;
  const stamp = relative(
    root,
    join(folder, `migrations${environment ? `-${environment}` : ""}.stamp`),
  );
  const wanted = hashOf(["migrations"]);
  await withLock("migrate", async () => {
    // wrangler takes two seconds to find that all migrations were applied already. To save this
    // time, a stamp file stores the hash of the applied migrations. It is in the folder of the
    // database, so deleting that folder deletes both.
    if (stampIs(stamp, wanted)) return;
    console.log("▸ Database: applying migrations");
    clearStamp(stamp);
    // run.mjs gives wrangler no terminal as its standard input. wrangler notices this, and does not
    // ask for a confirmation.
    const { code } = await run(
      ...wrangler(
        ...["d1", "migrations", "apply", "DB", "--local", "--persist-to", folder],
        `--env=${environment ?? ""}`,
      ),
    );
    if (code !== 0)
      throw new Advice(
        `a migration failed, see above. Your local accounts are still in ${relative(root, folder)}. To begin with an empty database and keep them, rename that folder and start again; \`npm run reset\` deletes it.`,
      );
    setStamp(stamp, wanted);
  });
}
