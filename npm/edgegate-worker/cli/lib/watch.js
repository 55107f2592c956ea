// Notices edits of files. Editors replace a file in several steps, and the file can be missing for
// a moment. So this module does not use the events of the file system, but compares the contents of
// the files again and again.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 300;

/**
 * Watches files from now on. `next` waits until a file is edited, and then until no file changes
 * any more. It resolves with the first file in the list whose content has changed since the
 * previous edit. It rejects when `signal` is aborted.
 *
 * @param {string[]} files
 */
export function watchEdits(files) {
  let seen = files.map(content);
  return {
    /** @param {AbortSignal} [signal] */
    async next(signal) {
      for (let last = seen; ; await sleep(POLL_MS, null, { signal })) {
        const now = files.map(content);
        const isSettled = now.every((text, n) => text === last[n]);
        const edited = files.find((_, n) => now[n] !== seen[n] && now[n] !== null);
        if (isSettled && edited) {
          seen = now;
          return edited;
        }
        last = now;
      }
    },
  };
}

/** @param {string} path */
function content(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
