// edgegate's Worker with additional paths below /conformance/. These paths run the conformance
// tests of the Worker's adapters.
import nodeCrypto from "node:crypto";
import { answer_for_lost, conformance_answer, conformance_signatures } from "edgegate-wasm";
import Edgegate from "../../src/edge/entry.mjs";

export { Account, Auth, MailGate, Sessions } from "../../src/edge/entry.mjs";

export default class extends Edgegate {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/conformance/signatures") return signatures(Object.fromEntries(searchParams));
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

const real = crypto.subtle;
const boom = () => {
  throw new Error("on purpose");
};
const whenImported = (verify) => ({ importKey: real.importKey.bind(real), verify });
/** Replacements for WebCrypto. "is late" only answers late. The others fail in different ways. */
const STAND_INS = {
  throws: whenImported(boom),
  rejects: whenImported(async () => boom()),
  "is no boolean": whenImported(async () => "true"),
  "refuses keys": { importKey: async () => boom(), verify: boom },
  "hangs on import": { importKey: () => new Promise(() => {}), verify: boom },
  "is late": whenImported(async (/** @type {Parameters<SubtleCrypto["verify"]>} */ ...args) => {
    for (let turn = 0; turn < 20; turn++) await null;
    return real.verify(...args);
  }),
};

/**
 * Replacements for the function `verify` of `node:crypto`. Each of them fails in a different way.
 */
const AT_ONCE_STAND_INS = {
  throws: boom,
  "is no boolean": () => "true",
};

/**
 * Returns the verdicts of the wasm for signatures. The signatures are verified by the real
 * platform, or by one of the replacements above.
 *
 * @param {{ of?: string, platform?: string, way?: string }} asked
 */
async function signatures({ of = "", platform = "", way = "" }) {
  const atOnce = way === "at once";
  const [object, member, standIn] = atOnce
    ? [nodeCrypto, "verify", AT_ONCE_STAND_INS[platform]]
    : [crypto, "subtle", STAND_INS[platform]];
  const real = object[member];
  if (standIn) Object.defineProperty(object, member, { value: standIn, configurable: true });
  try {
    return new Response(await conformance_signatures(of, atOnce ? 0 : NEVER));
  } finally {
    if (standIn) Object.defineProperty(object, member, { value: real, configurable: true });
  }
}

/**
 * With this threshold the Worker never loads `node:crypto`, because no test verifies so many
 * tokens.
 */
const NEVER = 2 ** 32 - 1;
