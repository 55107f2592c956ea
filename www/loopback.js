/**
 * Whether this page is from a Worker in local development, because only local development has an
 * outbox and demo accounts.
 */
export const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
