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

/** Somebody who has registered in a browser. */
const REGISTERED = `INSERT OR IGNORE INTO users
    (id, email, email_canonical, password_hash, roles, email_verified_at, created_at, updated_at)
  VALUES ('019ab7a1-2c00-7101-8101-010101010101', 'you@example.com', 'you@example.com', 'x',
    '["user"]', 1, 1, 1)`;

/** @returns {Promise<Preparation>} */
export const prepare = async (document, clone) => (await PREPARATIONS[document]?.(clone)) ?? {};

/**
 * An account at Cloudflare. Step 2 edits wrangler.toml, step 5 pastes secrets when wrangler asks, and
 * step 8 registers in a browser.
 */
async function deploying(clone) {
  const path = join(clone.root, "wrangler.toml");
  const text = readFileSync(path, "utf8");
  // The first of each name belongs to [vars], a second one to [env.staging.vars].
  const settings = [
    ["ISSUER", ["https://auth.example.com", "https://auth-staging.example.com"]],
    ["MAIL_PROVIDER", ["resend", "resend"]],
    ["MAIL_FROM", ["Example <login@example.com>", "Example <login@example.com>"]],
  ];
  let config = text;
  for (const [name, values] of settings) {
    const line = new RegExp(`^(# )?${name} = .*$`, "gm");
    let nth = 0;
    config = config.replace(line, () => `${name} = "${values[nth++]}"`);
    if (nth === 1)
      config = config.replace(/^\[env\.staging\.vars\]$/m, `$&\n${name} = "${values[1]}"`);
  }
  writeFileSync(path, config);
  const cloudflare = await startCloudflare();
  return {
    env: cloudflare.env,
    before({ text }) {
      // The Worker and its database have the same name.
      const name = text.includes("--env staging") ? "edgegate-staging" : "edgegate";
      if (text.startsWith("npx wrangler d1 migrations apply"))
        for (const secret of ["SIGNING_KEYS", "TICKET_SECRET", "MAIL_API_KEY"])
          cloudflare.storeSecret(name, secret);
      if (text.startsWith("npm run admin -- grant you@example.com"))
        cloudflare.sql(name, REGISTERED);
    },
    async undo() {
      writeFileSync(path, text);
      await cloudflare.stop();
    },
  };
}
