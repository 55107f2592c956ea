// Some documents require more than running their code blocks. The text between the blocks tells the
// reader to do something, or the reader must have something, such as an account. This module
// prepares both.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startCloudflare } from "./cloudflare.mjs";

/**
 * @typedef {object} Preparation
 * @property {NodeJS.ProcessEnv} [env] environment variables for the reader's terminals
 * @property {(block: import("./documents.mjs").Block) => void} [before] is called before each block
 * @property {() => Promise<void>} [undo]
 */

/** @type {Record<string, (clone: import("./clone.mjs").Clone) => Promise<Preparation>>} */
const PREPARATIONS = { "docs/deploy.md": deploying };

/** @returns {Promise<Preparation>} */
export const prepare = async (document, clone) => (await PREPARATIONS[document]?.(clone)) ?? {};

/**
 * Gives the reader an account at the replacement for Cloudflare (cloudflare.mjs), and edits
 * wrangler.toml as step 2 of the document says. The deploy does not ask for a confirmation, as in a
 * build on Cloudflare.
 */
async function deploying(clone) {
  const path = join(clone.root, "wrangler.toml");
  const text = readFileSync(path, "utf8");
  // In wrangler.toml, the first occurrence of each name is in [vars], and the second one, if there
  // is one, is in [env.staging.vars].
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
    env: { ...cloudflare.env, WORKERS_CI: "1" },
    async undo() {
      writeFileSync(path, text);
      rmSync(join(clone.root, ".edgegate"), { recursive: true, force: true });
      await cloudflare.stop();
    },
  };
}
