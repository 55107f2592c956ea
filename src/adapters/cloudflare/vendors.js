// What vendors.rs asks of the platform: a hash that nothing else here needs, and a request that is bounded in time and size.
const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha1 = async (bytes) => hex(await crypto.subtle.digest("SHA-1", bytes)).toUpperCase();

/** The whole text of a 200: to a GET with padding asked for, or to a POST of JSON. No redirect is followed, and no error says what
 *  was asked. */
export const ask = async (url, json, milliseconds, most) => {
  const headers = {
    "User-Agent": "edgegate",
    ...(json === undefined ? { "Add-Padding": "true" } : { "Content-Type": "application/json" }),
  };
  const sent = json === undefined ? { headers } : { method: "POST", headers, body: json };
  let status;
  try {
    const answer = await fetch(url, {
      ...sent,
      redirect: "manual",
      signal: AbortSignal.timeout(milliseconds),
    });
    status = answer.status;
    if (status === 200) return await read(answer.body ?? [], most);
    await answer.body?.cancel();
  } catch {
    // What the platform says may hold the address.
  }
  throw new Error(
    status === undefined || status === 200
      ? "there was no whole answer in time"
      : `it answered ${status}`,
  );
};

const read = async (body, most) => {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) throw new Error();
  }
  return text;
};
