// Helpers for tests of a service, in addition to wrangler's createTestHarness.
import { signingKeys, ticketSecret } from "./cli/lib/secrets.js";

/**
 * Fresh values of the secrets that a service needs.
 *
 * @returns {{ SIGNING_KEYS: string, TICKET_SECRET: string }}
 */
export const testSecrets = () => ({
  SIGNING_KEYS: signingKeys(),
  TICKET_SECRET: ticketSecret(),
});
