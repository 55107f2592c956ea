// Runs `npm start` for a test, as a developer would. It serves the pages, the API, and the outbox,
// which is a page with the mails that the service would have sent.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devVar } from "../../scripts/project/dev-vars.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { keepLines, noteBody, noteSettings } from "../logs/keep.mjs";

const BANNER_END = "Stop: Ctrl-C";

/** Returns the link in the text of a mail. The link's fragment is a ticket. */
export const linkIn = (text) => text.match(/http\S+#\S+/)[0];

/**
 * Starts `npm start` with a port and a storage of its own. The links in its mails lead to that
 * port.
 *
 * - `post(path, body, headers)` sends JSON to the API.
 * - `outbox()` returns the mails that would have been sent, the newest first.
 *
 * `vars` override the settings in wrangler.toml. `env` is added to the environment of `npm start`.
 */
export async function startEdgegate(options = {}) {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Try again, because another test might have taken the port after `freePort` found it free.
      if (
        tries === 3 ||
        !/Address already in use|is taken/.test(/** @type {Error} */ (error).message)
      )
        throw error;
    }
  }
}

async function startOnce({ vars = {}, env = {} }) {
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), "edgegate-browser-"));
  const settings = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const script = spawn(node(), [inRoot("scripts/start.mjs"), "--persist-to", state, ...settings], {
    cwd: inRoot(),
    env: { ...toolEnv(), ...env, PORT: `${port}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => script.once("exit", resolve));
  let text = "";
  const stop = async () => {
    script.kill("SIGTERM");
    await ended;
    // Leave out the banner of `npm start`, which shows the demo accounts. Everything after the
    // banner is the Worker's log.
    keepLines((text.split(BANNER_END).at(-1) ?? "").split("\n"));
    rmSync(state, { recursive: true, force: true });
  };
  try {
    await /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const read = (chunk) => {
          text += chunk;
          if (/edgegate is ready/.test(text)) resolve();
        };
        script.stdout.on("data", read);
        script.stderr.on("data", read);
        script.once("exit", () => reject(new Error(`npm start ended early:\n${text}`)));
      })
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const origin = `http://127.0.0.1:${port}`;
  noteSettings(
    Object.fromEntries(["SIGNING_KEYS", "TICKET_SECRET"].map((name) => [name, devVar(name)])),
  );
  const post = (path, body, headers = {}) => {
    noteBody(body);
    return fetch(origin + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  };
  const outbox = async () =>
    (await fetch(`${origin}/dev/outbox`, { headers: { Accept: "application/json" } })).json();
  return { origin, post, outbox, stop };
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
