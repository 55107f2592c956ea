/** Why nothing is done, and what to do instead. Printed without a stack. */
export class Refusal extends Error {}
