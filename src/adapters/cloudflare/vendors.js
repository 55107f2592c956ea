// What vendors.rs asks of the platform: a hash that nothing else here needs, and a request that is bounded in time and size.
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha1 = async (bytes) => hex(await crypto.subtle.digest("SHA-1", bytes)).toUpperCase();

/** The whole text of a 200: to a GET with padding asked for, or to a POST of JSON. No redirect is followed. */
export const ask = async (url, json, milliseconds, most) => {
  const sent = json === undefined ? { headers: { "Add-Padding": "true" } } : { method: "POST", headers: { "Content-Type": "application/json" }, body: json };
  const answer = await fetch(url, { ...sent, redirect: "manual", signal: AbortSignal.timeout(milliseconds) });
  if (answer.status !== 200) throw new Error(`it answered ${answer.status}`);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) throw new Error("it answers without end");
  }
  return text;
};
