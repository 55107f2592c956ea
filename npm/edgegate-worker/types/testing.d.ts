/** Fresh values of the secrets that a service needs, for a test's Worker. */
export function testSecrets(): { SIGNING_KEYS: string; TICKET_SECRET: string };
