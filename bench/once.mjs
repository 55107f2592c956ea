// Measures one round of one kind of work with one subject.
import { measure } from "./load.mjs";
import { processorTime } from "./process.mjs";
import { quantile } from "./statistics.mjs";
import { upTo } from "./subjects/clients.mjs";
import { WORKS } from "./subjects/works.mjs";

const WARM_UP_SECONDS = 0.2;
/**
 * Kinds of work in which each request uses up something that was prepared, such as a session. These
 * kinds of work can't be warmed up.
 */
const ENDS = new Set(["revoke", "reset"]);

/**
 * Runs one round. The subject is `{ url, pid, works, mails }`. The duration and the number of
 * connections are those of the kind of work named `like`, which is `work` by default. Returns the
 * rate per second, the processor milliseconds per request (undefined if the operating system does
 * not provide this), and the response times in milliseconds. If requests lead to mails, the round
 * lasts until the mail provider (`mails`) has accepted all of them.
 */
export async function once(
  work,
  { url, pid, works, mails },
  { like = work, connections = WORKS[like].connections } = {},
) {
  const { seconds, times: perRequest = 1, requests } = WORKS[like];
  const clients = await works[work](connections);
  const each = requests === undefined ? Infinity : requests / connections;
  const all = Array.from({ length: connections }, (_, index) => upTo(each, clients(index)));
  if (!ENDS.has(work)) await measure(url, all, WARM_UP_SECONDS);
  const before = processorTime(pid);
  const sentBefore = mails?.total().accepted ?? 0;
  const begun = performance.now();
  const { rate, times } = await measure(url, all, seconds);
  // A subject without a mail provider, such as the bare storage, sends no mails.
  const isMailed = WORKS[like].mails && mails !== undefined;
  if (isMailed) await mails.until(sentBefore + times.length);
  const took = (performance.now() - begun) / 1000;
  const used =
    before === undefined ? undefined : (Number(processorTime(pid)) - before) / times.length;
  return {
    rate: isMailed ? times.length / took : rate * perRequest,
    processor: used && used / perRequest,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}
