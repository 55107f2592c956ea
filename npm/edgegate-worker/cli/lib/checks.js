// The result of one check of `edgegate doctor`.

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {"ok" | "warning" | "problem" | "skipped"} status
 * @property {string} detail what was found
 * @property {string} [todo] what to do
 */

/**
 * @param {string} name
 * @param {string} detail
 * @returns {Check}
 */
export const ok = (name, detail) => ({ name, status: "ok", detail });

/**
 * @param {string} name
 * @param {string} detail
 * @param {string} todo
 * @returns {Check}
 */
export const warning = (name, detail, todo) => ({ name, status: "warning", detail, todo });

/**
 * @param {string} name
 * @param {string} detail
 * @param {string} todo
 * @returns {Check}
 */
export const problem = (name, detail, todo) => ({ name, status: "problem", detail, todo });

/**
 * @param {string} name
 * @param {string} detail
 * @returns {Check}
 */
export const skipped = (name, detail) => ({ name, status: "skipped", detail });

const MARKS = { ok: "ok      ", warning: "WARNING ", problem: "PROBLEM ", skipped: "skipped " };

/**
 * The checks as lines for a person.
 *
 * @param {Check[]} checks
 */
export const listed = (checks) =>
  checks
    .map(({ name, status, detail, todo }) =>
      [`${MARKS[status]} ${name}: ${detail}`, ...(todo ? [`           ${todo}`] : [])].join("\n"),
    )
    .join("\n");
