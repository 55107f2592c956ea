// edgegate's Worker, and the conformance suites of its adapters under /conformance/.
import { answer_for_lost, conformance_answer } from "edgegate-wasm";
import Edgegate from "../../src/edge/entry.mjs";

export { Account, Auth, MailGate, Sessions } from "../../src/edge/entry.mjs";

export default class extends Edgegate {
  fetch(request) {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/conformance/")
      ? this.#conformance(request, pathname)
      : super.fetch(request);
  }

  async #conformance(request, pathname) {
    try {
      const outcomes = await conformance_answer(pathname, this.env);
      const headers = { "Content-Type": "application/json" };
      return new Response(outcomes ?? "[]", {
        status: outcomes === undefined ? 404 : 200,
        headers,
      });
    } catch {
      return answer_for_lost(request, this.env);
    }
  }
}
