/** Is this page served by a Worker in local development? The outbox and the demo accounts exist only there. */
export const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
