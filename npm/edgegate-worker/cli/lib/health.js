// Whether a deployed service answers.
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 1000;
const ANSWER_MS = 10_000;

/**
 * Requests `/healthz` again and again until the service is healthy. Sends no further request after
 * about `seconds`. After a deploy, a new version runs everywhere at Cloudflare within seconds. A
 * new domain works within minutes. Returns undefined if the service is healthy, otherwise its last
 * answer, or why there was none.
 *
 * @param {string} origin
 * @param {number} seconds
 * @returns {Promise<string | undefined>}
 */
export async function unhealthy(origin, seconds) {
  const begun = performance.now();
  for (;;) {
    const last = await answerOf(`${origin}/healthz`);
    if (last === undefined) return undefined;
    if (performance.now() - begun + PAUSE_MS > seconds * 1000) return last;
    await sleep(PAUSE_MS);
  }
}

/**
 * @param {string} url
 * @returns {Promise<string | undefined>} undefined if it is healthy
 */
async function answerOf(url) {
  try {
    const answer = await fetch(url, {
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    return answer.status === 200 && isOk(text)
      ? undefined
      : `${answer.status} ${text.slice(0, 300)}`;
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error);
    return cause instanceof Error ? cause.message : message;
  }
}

/** @param {string} text */
function isOk(text) {
  try {
    return JSON.parse(text).status === "ok";
  } catch {
    return false;
  }
}
