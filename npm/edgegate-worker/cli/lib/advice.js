/** An error for the person at the terminal: what to do, printed without a stack. */
export class Advice extends Error {}
