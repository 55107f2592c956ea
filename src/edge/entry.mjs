// The Worker as the platform sees it: its entry points, and the classes of its Durable Objects.
// They call the wasm. Other exports of the wasm are not reachable from outside this module.
//
// Every function of `edgegate-wasm` goes through the guard in instance.mjs. When an instance of the
// wasm traps, its pending promises reject, and the next call gets a new instance. A Durable Object
// can live longer than the instance, so its fields must not refer to anything in the instance.
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
 * Whether the URL is that of the API contract, a file that pages of every origin may read.
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
// answer after this many turns of the microtask queue, it is waiting for I/O. If the platform
// verifies the signature, a check takes about twenty turns.
const TURNS_WITHOUT_IO = 40;

/**
 * Calls `waitUntil` for a check only if the check waits for I/O: `waitUntil` takes a twentieth of
 * the time of a check. Without I/O the answer comes after a few turns of the microtask queue, and
 * nothing can cancel the check before that.
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
      // Most requests are checks, which never get a page. For them `answerPage` is not called,
      // because it parses the URL, which would take a tenth of the time of a check.
      const page = isAsked ? null : answerPage(request, this.env);
      if (page) return page;
      const answer = fetch(request, this.env, this.ctx);
      if (!(answer instanceof Promise)) return forPeople(request, answer, this.env);
      const settled = answer.then(
        (answer) => forPeople(request, answer, this.env),
        () => forPeople(request, answer_for_lost(request, this.env), this.env),
      );
      // Cloudflare cancels a request when its client disconnects. Without `waitUntil`, a thief
      // could change a password and disconnect before the notice to the owner is queued.
      if (isAsked) waitIfItWaits(settled, this.ctx);
      else this.ctx.waitUntil(settled);
      return settled;
    } catch {
      return answer_for_lost(request, this.env);
    }
  }

  /**
   * The queue delivers a message again if this method does not acknowledge it.
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

// Only this Worker has bindings to the classes below.

/** The sessions of one user: src/adapters/cloudflare/durable_sessions/object.rs. */
export class Sessions extends DurableObject {
  #isPrepared = false;

  /** @param {string} call */
  ask(call) {
    if (!this.#isPrepared) sessions_prepare(this.ctx);
    this.#isPrepared = true;
    return sessions_answer(this.ctx, call);
  }

  alarm() {
    // The alarm may delete everything, including the tables.
    this.#isPrepared = false;
    return sessions_alarm(this.ctx);
  }
}

/** Checks the passwords for one address: src/adapters/cloudflare/account/object.rs. */
export class Account extends DurableObject {
  // How many calls wait in each of three lines: calls of strangers, calls of known clients, and
  // calls whose attempts are not counted.
  #waiting = [0, 0, 0];
  /** @type {Promise<unknown>} Resolves when all earlier calls have ended. */
  #before = Promise.resolve();

  /**
   * @param {string} call
   * @param {string} arrival who calls; this and `now` decide in which line the call waits
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
    // Hashing a password blocks the isolate. During this pause, the calls that have arrived in the
    // meantime are counted, before the next password is hashed.
    this.#before = turn.catch(() => {}).then(() => scheduler.wait(0));
    return turn;
  }

  alarm() {
    return account_alarm(this.ctx);
  }
}

/**
 * Counts the mails that one network has asked for, or the actions of one user:
 * src/adapters/cloudflare/mail_gate/object.rs.
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
