// The Worker as the platform sees it: its entry points, and the classes of its Durable Objects. Each is handed on to the wasm;
// what else the wasm exports does not leave this module.
//
// Every function of `edgegate-wasm` goes through the guard of instance.mjs: after a trap it has a new
// instance, and its promise is rejected when its instance traps. Fields of an object outlive the
// instance, so they must not refer to anything in it.
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
import { Auth } from "./rpc.mjs";

export { Auth };

export default class extends Auth {
  fetch(request) {
    try {
      const answer = fetch(request, this.env, this.ctx);
      if (!(answer instanceof Promise)) return answer;
      const settled = answer.catch(() => answer_for_lost(request, this.env));
      // Cloudflare cancels a request whose client hangs up. A thief could then change a password and
      // hang up before the notice to the owner is queued.
      this.ctx.waitUntil(settled);
      return settled;
    } catch {
      return answer_for_lost(request, this.env);
    }
  }

  // What was not acknowledged comes again.
  queue(batch) {
    return queue(batch, this.env, this.ctx);
  }

  scheduled() {
    return scheduled(this.env, this.ctx);
  }
}

/** The sessions of one user: src/adapters/cloudflare/durable_sessions/object.rs. Only the Worker itself is bound to it. */
export class Sessions extends DurableObject {
  #prepared = false;

  ask(call) {
    if (!this.#prepared) sessions_prepare(this.ctx);
    this.#prepared = true;
    return sessions_answer(this.ctx, call);
  }

  alarm() {
    // It may delete everything, the tables too.
    this.#prepared = false;
    return sessions_alarm(this.ctx);
  }
}

/** Where passwords are tried, for one address: src/adapters/cloudflare/account/object.rs. Only the Worker itself is bound to it. */
export class Account extends DurableObject {
  // How many wait: strangers, the known, the uncounted.
  #waiting = [0, 0, 0];
  #before = Promise.resolve();

  async ask(call, caller, now) {
    const [strangers, known] = this.#waiting;
    const line = account_arrives(this.ctx, caller, now, strangers, known);
    if (typeof line === "string") return line;
    this.#waiting[line] += 1;
    const turn = this.#before.then(() => {
      this.#waiting[line] -= 1;
      return account_answer(this.ctx, call, caller, now, this.env);
    });
    // A hash keeps the isolate busy: who has come meanwhile is heard before the next one.
    this.#before = turn.catch(() => {}).then(() => scheduler.wait(0));
    return turn;
  }

  alarm() {
    return account_alarm(this.ctx);
  }
}

/** Requests for mails by one network, or acts of one user: src/adapters/cloudflare/mail_gate/object.rs. Only the Worker itself is bound to it. */
export class MailGate extends DurableObject {
  ask(call) {
    return mail_gate_answer(this.ctx, call);
  }

  alarm() {
    return mail_gate_alarm(this.ctx);
  }
}
