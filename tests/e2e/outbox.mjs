// Reads the outbox of local development. In local development, mails are not sent but stored in
// this outbox.
import { eventually } from "./workers.mjs";

/** Returns all mails so far, the newest first. */
export async function mails(edge) {
  const answer = await edge.fetch("/dev/outbox");
  if (answer.status !== 200)
    throw new Error(`/dev/outbox: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/**
 * Waits until more than `known` mails to this address are in the outbox. Returns the newest one.
 */
export function mailTo(edge, email, known = 0) {
  return eventually(async () => {
    const found = (await mails(edge)).filter(({ to }) => to === email);
    return found.length > known && found[0];
  });
}

/** Returns the ticket in a mail's link. */
export const ticketOf = ({ text }) => text.match(/#(egl_[\w-]+)/)?.[1];
