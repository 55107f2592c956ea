// DNS over HTTPS, in the JSON format of Cloudflare and Google. Node's own resolver needs UDP, which
// some networks block.

/** Cloudflare's resolver. */
export const RESOLVER = "https://cloudflare-dns.com/dns-query";
const ANSWER_MS = 10_000;
const TXT = 16;

/**
 * The TXT records of a name, each with its parts joined. The list is empty if the name does not
 * exist.
 *
 * @param {string} resolver
 * @param {string} name
 * @returns {Promise<{ records: string[], date: string | null }>} `date`: the header `Date` of the
 *   resolver's answer, which shows its clock
 */
export async function textRecords(resolver, name) {
  const url = new URL(resolver);
  url.searchParams.set("name", name);
  url.searchParams.set("type", "TXT");
  const response = await fetch(url, {
    headers: { Accept: "application/dns-json" },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (!response.ok) throw new Error(`${url.host} answered ${response.status}`);
  const { Status: status, Answer: answers = [] } =
    /** @type {{ Status: number, Answer?: { type: number, data: string }[] }} */ (
      await response.json()
    );
  const NO_ERROR = 0;
  const NO_SUCH_NAME = 3;
  if (status !== NO_ERROR && status !== NO_SUCH_NAME)
    throw new Error(`${url.host} could not resolve ${name} (status ${status})`);
  const records = answers.filter(({ type }) => type === TXT).map(({ data }) => joined(data));
  return { records, date: response.headers.get("date") };
}

/**
 * The text of a TXT record. Some resolvers return it as in a DNS zone file, in quoted parts such as
 * `"v=spf1 " "-all"`.
 *
 * @param {string} data
 */
const joined = (data) =>
  data.startsWith('"')
    ? [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
        .map(([, part]) => part.replace(/\\(.)/g, "$1"))
        .join("")
    : data;
