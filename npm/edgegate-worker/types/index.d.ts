// The entry points of the built Worker. The module that `main` in wrangler.jsonc names must export
// them.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { AuthService } from "./rpc.js";

export type {
  AuthError,
  AuthService,
  Client,
  SignedIn,
  Tokens,
  User,
} from "./rpc.js";

declare const Methods: new <Env = Cloudflare.Env>(
  ctx: ExecutionContext,
  env: Env,
) => WorkerEntrypoint<Env> & AuthService;

/**
 * The seven methods that other Workers can call. A Worker that calls them needs a binding to this
 * Worker with `"entrypoint": "Auth"`.
 */
export class Auth<Env = Cloudflare.Env> extends Methods<Env> {}

/**
 * The service: its handlers for HTTP, queues and cron, and the methods of {@link Auth}. Extend this
 * class to add your own routes.
 */
export default class EdgeGate<Env = Cloudflare.Env> extends Auth<Env> {
  fetch(request: Request): Response | Promise<Response>;
  queue(batch: MessageBatch): Promise<void>;
  scheduled(event: ScheduledController): Promise<void>;
}

/**
 * The Durable Object that stores the sessions of one user. It is used if `SESSION_STORE` is
 * `durable`.
 */
export class Sessions extends DurableObject {
  /** Only the service calls it. */
  ask(call: string): Promise<string>;
  alarm(): Promise<void>;
}

/**
 * The Durable Object that checks the passwords for one email address. It is used if `PASSWORD_WORK`
 * is `durable`.
 */
export class Account extends DurableObject {
  /** Only the service calls it. */
  ask(call: string, arrival: string, now: number): Promise<string>;
  alarm(): Promise<void>;
}

/**
 * The Durable Object that counts for the limits of mails: the mails that one network requests, or
 * the actions of one user that lead to a mail.
 */
export class MailGate extends DurableObject {
  /** Only the service calls it. */
  ask(call: string): Promise<string>;
  alarm(): Promise<void>;
}
