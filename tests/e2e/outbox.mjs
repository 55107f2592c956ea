// Reads the outbox of local development, which has the mails that would have been sent.
import { eventually } from "./workers.mjs";

/** All mails so far, the newest first. */
export async function mails(edge) {
  const answer = await edge.fetch("/dev/outbox");
  if (answer.status !== 200)
    throw new Error(`/dev/outbox: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Waits until an address has more than `known` mails. Returns the newest. */
export function mailTo(edge, email, known = 0) {
  return eventually(async () => {
    const found = (await mails(edge)).filter(({ to }) => to === email);
    return found.length > known && found[0];
  });
}

/** The ticket in a mail's link. */
export const ticketOf = ({ text }) => text.match(/#(egl_[\w-]+)/)?.[1];
