// Questions before a change of what is deployed.
import { confirm, isCancel } from "@clack/prompts";
import { Advice } from "./advice.js";

/**
 * Asks whether to go on. Throws if not, and off a terminal, where nobody can answer, unless `yes` is
 * given. A build on Cloudflare (WORKERS_CI) runs because somebody asked for the deploy.
 *
 * @param {string} question
 * @param {{ yes?: boolean, isTerminal?: boolean, env?: NodeJS.ProcessEnv }} options
 */
export async function requireConfirmation(
  question,
  {
    yes = false,
    isTerminal = Boolean(process.stdin.isTTY && process.stdout.isTTY),
    env = process.env,
  },
) {
  if (yes || env.WORKERS_CI === "1") return;
  if (!isTerminal)
    throw new Advice(
      "this changes what is deployed, and nobody is at a terminal to confirm it: add --yes. Nothing was changed.",
    );
  const answer = await confirm({ message: question, initialValue: false });
  if (isCancel(answer) || !answer) throw new Advice("nothing was changed.");
}
