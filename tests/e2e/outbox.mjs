// Reads the mails of local development for a test.
import { eventually } from "./workers.mjs";

/** All mails so far, the newest first. */
export async function mails(edge) {
  const answer = await edge.fetch("/dev/outbox");
  if (answer.status !== 200)
    throw new Error(`/dev/outbox: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Waits for a further mail to an address that has `known` mails already. Returns the newest. */
export function mailTo(edge, email, known = 0) {
  return eventually(async () => {
    const found = (await mails(edge)).filter(({ to }) => to === email);
    return found.length > known && found[0];
  });
}

/** The ticket in a mail's link. */
export const ticketOf = ({ text }) => text.match(/#(egl_[\w-]+)/)?.[1];
