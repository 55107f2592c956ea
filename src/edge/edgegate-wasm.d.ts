// The functions that the Worker's wasm exports, as src/edge/entry.mjs and rpc.mjs call them. They
// are the functions with `#[wasm_bindgen]` in src/edge and src/adapters/cloudflare. The build fails
// if one of them is missing.

/**
 * Answers a request. If nothing has to be waited for, as in most checks of a token, the result is
 * the response itself instead of a promise.
 */
export function fetch(
  request: Request,
  env: object,
  context: ExecutionContext,
): Response | Promise<Response>;
/** The answer to a request if the instance of the wasm that worked on it has trapped. */
export function answer_for_lost(request: Request, env: object): Response;
export function queue(batch: MessageBatch, env: object, context: ExecutionContext): Promise<void>;
export function scheduled(cron: string, env: object, context: ExecutionContext): Promise<void>;

/** Calls a method of the interface for other Workers. */
export function rpc(
  method: string,
  json: string,
  env: object,
  context: ExecutionContext,
): Promise<[status: number, body: string, requestId: string, retryAfter?: string]>;

/** The faults of a configuration, as a JSON list. */
export function check_configuration(env: object): string;

export function sessions_prepare(state: DurableObjectState): void;
export function sessions_answer(state: DurableObjectState, call: string): Promise<string>;
export function sessions_alarm(state: DurableObjectState): Promise<void>;

/**
 * The answer that the client must retry later, or the number of the line in which the call must
 * wait.
 */
export function account_arrives(
  state: DurableObjectState,
  arrival: string,
  now: number,
  strangers: number,
  known: number,
): string | number;
export function account_answer(
  state: DurableObjectState,
  call: string,
  arrival: string,
  now: number,
  env: object,
): Promise<string>;
export function account_alarm(state: DurableObjectState): Promise<void>;

export function mail_gate_answer(state: DurableObjectState, call: string): Promise<string>;
export function mail_gate_alarm(state: DurableObjectState): Promise<void>;
