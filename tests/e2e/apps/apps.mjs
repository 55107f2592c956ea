// Runs the example apps together with a real edgegate. The app's host is `localhost` and the
// service's host is 127.0.0.1. A browser treats these two hosts as different sites. Two ports of
// the same host would be the same site.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { node } from "../../../scripts/project/tools.mjs";
import { installExample } from "../../examples/example.mjs";
import { PASSWORD, ROOT } from "../client.mjs";

/** The client_id of a demo app that exists in local development. */
export const SPA = "demo-spa";
export const API = "https://api.example.com";

/**
 * Starts a program of an example. The returned `line(pattern)` waits until the program prints a
 * line that matches the pattern.
 *
 * @param {string} name of the example
 * @param {string | string[]} program and its arguments
 * @param {Record<string, string>} env
 */
export async function startExample(t, name, program, env) {
  const cwd = await installExample(t, name);
  const child = spawn(node(), [program].flat(), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill());
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  const ended = once(child, "exit");
  const line = async (pattern) => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) return found[0];
      if (child.exitCode !== null) throw new Error(`${name} has ended:\n${text}`);
      await Promise.race([new Promise((resolve) => child.stdout.once("data", resolve)), ended]);
    }
  };
  return { child, line, text: () => text };
}

/** Signs in to the account on the service's sign-in page. */
export async function signInAtTheService(page, email, password) {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Registers an app, as an administrator. Returns its client_id, and its secret if it has one. */
export async function register(edgegate, fields) {
  const account = { email: ROOT, password: PASSWORD };
  const { access_token } = await (await edgegate.post("/auth/login", account)).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const answer = await edgegate.post("/auth/clients", fields, headers);
  if (answer.status !== 201) throw new Error(`not registered: ${await answer.text()}`);
  return answer.json();
}
