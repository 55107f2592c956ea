// The functions that the Worker's wasm exports for entry.mjs, rpc.mjs and check.mjs in src/edge. In
// Rust, they are the functions with `#[wasm_bindgen]` in src/edge and src/adapters/cloudflare. The
// build fails if the wasm does not have one of them.

/**
 * Answers a request. If the answer does not have to wait for anything, which is usual for checks of
 * access tokens, the function returns the response itself instead of a promise.
 */
export function fetch(
  request: Request,
  env: object,
  context: ExecutionContext,
): Response | Promise<Response>;
/**
 * Answers a request with an error. Called if the instance of the wasm that worked on this request
 * has trapped (stopped with a fatal error).
 */
export function answer_for_lost(request: Request, env: object): Response;
export function queue(batch: MessageBatch, env: object, context: ExecutionContext): Promise<void>;
export function scheduled(cron: string, env: object, context: ExecutionContext): Promise<void>;

/** Answers an RPC call of another Worker. */
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
 * Decides whether a call may wait for its turn. If so, it returns the number of the line in which
 * the call waits. If not, it returns the answer to the call, which says that the client must retry
 * later.
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
