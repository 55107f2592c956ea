/**
 * An error that says why nothing was done, and what to do instead. Printed without a stack trace.
 */
export class Refusal extends Error {}
