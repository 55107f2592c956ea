// The entry points of the built Worker. `main` of wrangler.jsonc names a module that exports them.
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

/** The seven methods, for Workers that bind this one with `"entrypoint": "Auth"`. */
export class Auth<Env = Cloudflare.Env> extends Methods<Env> {}

/** The service: HTTP, queue and cron, and the methods of {@link Auth}. Extend it for your own routes. */
export default class EdgeGate<Env = Cloudflare.Env> extends Auth<Env> {
  fetch(request: Request): Response | Promise<Response>;
  queue(batch: MessageBatch): Promise<void>;
  scheduled(event: ScheduledController): Promise<void>;
}

/** The Durable Object with the sessions of one user, for `SESSION_STORE` `durable`. */
export class Sessions extends DurableObject {
  /** Only the service calls it. */
  ask(call: string): Promise<string>;
  alarm(): Promise<void>;
}

/** The Durable Object that checks the passwords for one address, for `PASSWORD_WORK` `durable`. */
export class Account extends DurableObject {
  /** Only the service calls it. */
  ask(call: string, arrival: string, now: number): Promise<string>;
  alarm(): Promise<void>;
}

/** The Durable Object that counts the mails that a network requests, and what a user does. */
export class MailGate extends DurableObject {
  /** Only the service calls it. */
  ask(call: string): Promise<string>;
  alarm(): Promise<void>;
}
