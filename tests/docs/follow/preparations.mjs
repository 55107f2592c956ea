// What a document tells its reader to do between the blocks, and what the reader has beside them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startCloudflare } from "./cloudflare.mjs";

/**
 * @typedef {object} Preparation
 * @property {NodeJS.ProcessEnv} [env] what the reader's terminals have
 * @property {(block: import("./documents.mjs").Block) => void} [before] is called before each block
 * @property {() => Promise<void>} [undo]
 */

/** @type {Record<string, (clone: import("./clone.mjs").Clone) => Promise<Preparation>>} */
const PREPARATIONS = { "docs/deploy.md": deploying };

/** @returns {Promise<Preparation>} */
export const prepare = async (document, clone) => (await PREPARATIONS[document]?.(clone)) ?? {};

/**
 * An account at Cloudflare. Step 2 edits wrangler.toml, step 5 pastes secrets when wrangler asks, and
 * step 8 registers in a browser.
 */
async function deploying(clone) {
  const path = join(clone.root, "wrangler.toml");
  const text = readFileSync(path, "utf8");
  const set = (name, value) =>
    new RegExp(`^(# )?${name} = .*$`, "m").test(config)
      ? config.replace(new RegExp(`^(# )?${name} = .*$`, "m"), `${name} = "${value}"`)
      : `${config}\n${name} = "${value}"\n`;
  let config = text;
  for (const [name, value] of [
    ["ISSUER", "https://auth.example.com"],
    ["MAIL_PROVIDER", "resend"],
    ["MAIL_FROM", "Example <login@example.com>"],
  ])
    config = set(name, value);
  writeFileSync(path, config);
  const cloudflare = await startCloudflare();
  return {
    env: cloudflare.env,
    before({ text }) {
      if (text.startsWith("npx wrangler d1 migrations apply"))
        for (const name of ["SIGNING_KEYS", "TICKET_SECRET", "MAIL_API_KEY"])
          cloudflare.storeSecret("edgegate", name);
      if (text.startsWith("npm run admin -- grant you@example.com"))
        cloudflare.sql(
          "edgegate",
          `INSERT OR IGNORE INTO users
             (id, email, email_canonical, password_hash, roles, email_verified_at, created_at, updated_at)
           VALUES ('019ab7a1-2c00-7101-8101-010101010101', 'you@example.com', 'you@example.com', 'x',
             '["user"]', 1, 1, 1)`,
        );
    },
    async undo() {
      writeFileSync(path, text);
      await cloudflare.stop();
    },
  };
}
