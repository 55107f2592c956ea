// The main module of the Worker. The platform calls its entry points and creates its Durable
// Objects. All of them call functions of the wasm. Other exports of the wasm are not reachable from
// outside this module.
//
// Every call of a function of `edgegate-wasm` goes through a guard, which instance.mjs describes.
// When an instance of the wasm traps (stops with a fatal error), its pending promises reject, and
// the next call gets a new instance. A Durable Object can live longer than an instance of the wasm,
// so the object's fields must not refer to anything in the instance.
import { DurableObject } from "cloudflare:workers";
import {
  account_alarm,
  account_answer,
  account_arrives,
  answer_for_lost,
  fetch,
  mail_gate_alarm,
  mail_gate_answer,
  queue,
  scheduled,
  sessions_alarm,
  sessions_answer,
  sessions_prepare,
} from "edgegate-wasm";
import { isCheck } from "./exchange.js";
import { answerPage, forPeople } from "./pages/index.mjs";
import { Auth } from "./rpc.mjs";

export { Auth };

/**
 * Whether the URL is the URL of the API contract (`openapi.yaml`), a static file that pages of
 * every origin may read.
 *
 * @param {string} url
 */
function isContract(url) {
  const at = url.indexOf("/", 8);
  const end = at + CONTRACT.length;
  return url.startsWith(CONTRACT, at) && (end === url.length || url[end] === "?");
}

const CONTRACT = "/openapi.yaml";

// A check is a request that asks whether an access token is valid (`isCheck`). If a check has no
// answer after this many turns of the microtask queue, it must be waiting for I/O. Without I/O, a
// check takes at most about twenty turns. It takes about twenty only if the platform verifies the
// token's signature.
const TURNS_WITHOUT_IO = 40;

/**
 * Calls `waitUntil` for a check, but only if the check has to wait for I/O. Calling `waitUntil`
 * takes 5 % of the time of a check. A check without I/O does not need `waitUntil`, because the
 * answer comes after a few turns of the microtask queue, and nothing can cancel the check before
 * that.
 *
 * @param {Promise<unknown>} answer
 * @param {ExecutionContext} ctx
 */
async function waitIfItWaits(answer, ctx) {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  answer.then(settle, settle);
  for (let turn = 0; turn < TURNS_WITHOUT_IO && !isSettled; turn++) await null;
  if (!isSettled) ctx.waitUntil(answer);
}

export default class extends Auth {
  /** @param {Request} request */
  fetch(request) {
    const { url } = request;
    const isAsked = isCheck(url);
    if (isContract(url) && !request.headers.has("Access-Control-Request-Method"))
      return this.env.ASSETS.fetch(request);
    try {
      // Most requests are checks, and a check is never answered with a page. So `answerPage` is not
      // called for checks, because it parses the URL, which would take 10 % of the time of a check.
      const page = isAsked ? null : answerPage(request, this.env);
      if (page) return page;
      const answer = fetch(request, this.env, this.ctx);
      if (!(answer instanceof Promise)) return forPeople(request, answer, this.env);
      const settled = answer.then(
        (answer) => forPeople(request, answer, this.env),
        () => forPeople(request, answer_for_lost(request, this.env), this.env),
      );
      // Cloudflare cancels a request when its client disconnects, unless `waitUntil` was called. If
      // requests could be cancelled, a thief could change a user's password and then disconnect,
      // and the mail that warns the user would never be queued.
      if (isAsked) waitIfItWaits(settled, this.ctx);
      else this.ctx.waitUntil(settled);
      return settled;
    } catch {
      return answer_for_lost(request, this.env);
    }
  }

  /**
   * Handles the messages of the mail queue. If this method does not acknowledge a message, the
   * queue delivers the message again.
   *
   * @param {MessageBatch} batch
   */
  queue(batch) {
    return queue(batch, this.env, this.ctx);
  }

  /** @param {ScheduledController} event */
  scheduled({ cron }) {
    return scheduled(cron, this.env, this.ctx);
  }
}

// Only this Worker calls the classes below. Another Worker could call them if it had a binding to
// them. So don't give such a binding to another Worker.

/**
 * Stores the sessions of one user. Its code is in
 * src/adapters/cloudflare/durable_sessions/object.rs.
 */
export class Sessions extends DurableObject {
  #isPrepared = false;

  /** @param {string} call */
  ask(call) {
    if (!this.#isPrepared) sessions_prepare(this.ctx);
    this.#isPrepared = true;
    return sessions_answer(this.ctx, call);
  }

  alarm() {
    // The alarm might delete the object's whole storage, including the tables that
    // `sessions_prepare` made.
    this.#isPrepared = false;
    return sessions_alarm(this.ctx);
  }
}

/**
 * Checks all passwords that are tried for one email address, one after the other. Its code is in
 * src/adapters/cloudflare/account/object.rs.
 */
export class Account extends DurableObject {
  // How many calls are waiting, counted in three groups (called lines): calls from unknown clients
  // and of users who have chosen a new password, calls from known clients, and calls whose attempts
  // are not counted.
  #waiting = [0, 0, 0];
  /** @type {Promise<unknown>} Resolves when all earlier calls have ended. */
  #before = Promise.resolve();

  /**
   * @param {string} call
   * @param {string} arrival who calls, as text; `account_arrives` uses it to choose the line
   * @param {number} now in milliseconds since 1970
   */
  async ask(call, arrival, now) {
    const [strangers, known] = this.#waiting;
    const line = account_arrives(this.ctx, arrival, now, strangers, known);
    if (typeof line === "string") return line;
    this.#waiting[line] += 1;
    const turn = this.#before.then(() => {
      this.#waiting[line] -= 1;
      return account_answer(this.ctx, call, arrival, now, this.env);
    });
    // Hashing a password blocks the isolate. This pause lets the calls that arrived meanwhile run
    // `account_arrives`, so that they are counted before the next password is hashed.
    this.#before = turn.catch(() => {}).then(() => scheduler.wait(0));
    return turn;
  }

  alarm() {
    return account_alarm(this.ctx);
  }
}

/**
 * The object of a network counts the mails that its clients have asked for. The object of a user
 * counts the mails that known devices have asked for, and the actions that cause a notice. The code
 * is in src/adapters/cloudflare/mail_gate/object.rs.
 */
export class MailGate extends DurableObject {
  /** @param {string} call */
  ask(call) {
    return mail_gate_answer(this.ctx, call);
  }

  alarm() {
    return mail_gate_alarm(this.ctx);
  }
}
