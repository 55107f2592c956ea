// What each activity of a user consumes with each store. For the stores `kv` and `durable`,
// docs/operations.md has the counted operations. There is a third store for comparison, whose
// operations are not counted but computed.
import { LATER, sum, times } from "../cost.mjs";
import { PLANS } from "./plans.mjs";

/**
 * The cost of the copy in the user's Durable Object. The user's row is in D1. The Durable Object
 * keeps a copy of this row for a day, and renewals read the copy.
 *
 * At the first renewal of a day, the copy has expired. The object answers that it has no copy, the
 * Worker reads the row in D1, and passes it to the object in a second call.
 *
 * Compared with `durable` without copies, a renewal reads one more row in the object (the copy),
 * but nothing in D1. The first renewal of a day also writes one more row.
 */
const COPY_ROW = { "object rows read": 1 };
const SECOND_CALL = { "object calls": 1, "object rows read": 2, "object rows written": 1 };
const D1_READ = { "D1 statements": 1, "D1 rows read": 1 };

/**
 * @typedef {Record<string, number>} Bill
 * @typedef {object} Store
 * @property {string} name
 * @property {string} [note] present if the store's renewals are not counted but computed; says why
 * @property {Record<string, Bill>} bills what each activity consumes: "log in", "renewal", "first
 *   renewal of a day", "check", "reset link"
 * @property {Record<string, string[][]>} plans the calls that each kind of request waits for
 */

/**
 * The stores `kv` and `durable` with the operations that docs/operations.md counts, and a third
 * store for comparison. The third store shows what the copy in the Durable Object changes. If the
 * counted renewals of `durable` read D1, the Worker does not use copies yet, so the third store is
 * `durable` with copies. Otherwise the third store is `durable` without copies.
 *
 * @returns {Store[]}
 */
export function storesOf({ operations }) {
  const [kv, durable] = ["kv", "durable"].map((name) => counted(name, operations));
  const readsD1 = durable.bills.renewal["D1 statements"] > 0;
  return [kv, durable, readsD1 ? withCopy(durable) : withoutCopy(durable)];
}

/** @returns {Store} */
function counted(name, operations) {
  const acts = operations[name];
  const [later, often] = LATER[name];
  return {
    name,
    bills: {
      "log in": sum([acts["log in"], times(acts[later], often)]),
      renewal: acts.renewal,
      "first renewal of a day": firstRenewal(name, acts),
      check: acts["check, looked up"],
      "reset link": acts["reset link"],
    },
    plans: {
      "log in": PLANS[name]["log in"],
      renewal: PLANS[name].renewal,
      "first renewal of a day": PLANS[name][WITHOUT_COPY] ?? PLANS[name].renewal,
      check: PLANS[name]["check, looked up"],
    },
  };
}

/** The name that the first renewal of a day has in docs/operations.md and in PLANS. */
const WITHOUT_COPY = "renewal without a copy";

/**
 * The bill of the first renewal of a day, which reads the user's row in D1.
 *
 * If the other renewals don't read this row, docs/operations.md has a separate row for the first
 * renewal. The renewal that was counted for it kept the refresh token, but a real first renewal
 * also rotates the token. So the cost of the rotation is added here.
 */
function firstRenewal(name, acts) {
  const { renewal, [WITHOUT_COPY]: first } = acts;
  if (first) return sum([first, renewal, times(acts["renewal, kept"], -1)]);
  if (!(renewal["D1 statements"] > 0))
    throw new Error(
      `docs/operations.md counts a renewal with ${name} without D1. It also needs a row "${WITHOUT_COPY}" for the first renewal of a day.`,
    );
  return renewal;
}

/** @returns {Store} */
function withCopy({ bills, plans }) {
  const { renewal } = bills;
  return {
    name: "durable, copy",
    note: "planned",
    bills: {
      ...bills,
      renewal: sum([renewal, COPY_ROW, times(D1_READ, -1)]),
      "first renewal of a day": sum([renewal, COPY_ROW, SECOND_CALL]),
    },
    plans: {
      ...plans,
      renewal: [["object calls"]],
      "first renewal of a day": [["object calls"], ["D1 statements"], ["object calls"]],
    },
  };
}

/** @returns {Store} */
function withoutCopy({ bills, plans }) {
  const renewal = sum([bills.renewal, D1_READ, times(COPY_ROW, -1)]);
  const plan = [["D1 statements"], ["object calls"]];
  return {
    name: "durable, no copy",
    note: "for comparison",
    bills: { ...bills, renewal, "first renewal of a day": renewal },
    plans: { ...plans, renewal: plan, "first renewal of a day": plan },
  };
}

/** Whether a renewal needs no call to D1. */
export const hasCopy = ({ plans }) => !plans.renewal.flat().includes("D1 statements");
