// Asks before a command changes what is deployed.
import { confirm, isCancel, text } from "@clack/prompts";
import { Advice } from "./advice.js";

/**
 * Asks whether to go on. Throws if the person says no, or if nobody is at a terminal to answer.
 * Does not ask if `yes` is given. Does not ask in a build on Cloudflare (WORKERS_CI) either,
 * because such a build runs only if somebody has asked for the deploy.
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

/**
 * Asks for the address of the first administrator. Returns undefined if nobody is at a terminal to
 * answer, or if the person enters nothing.
 *
 * @param {{ isTerminal?: boolean }} [options]
 * @returns {Promise<string | undefined>}
 */
export async function askFirstAdmin({
  isTerminal = Boolean(process.stdin.isTTY && process.stdout.isTTY),
} = {}) {
  if (!isTerminal) return undefined;
  const answer = await text({
    message: "The email address of the first administrator (Enter: nobody yet)",
    validate: (given = "") =>
      given === "" || given.includes("@") ? undefined : "This is not an email address.",
  });
  return isCancel(answer) || !answer ? undefined : answer;
}
