/**
 * Whether this page comes from a Worker in local development. Pages ask this because only local
 * development has an outbox and demo accounts.
 */
export const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
