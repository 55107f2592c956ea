const OLDEST = [22, 12];

/**
 * Returns a message if this version of Node is too old for wrangler, otherwise null.
 *
 * @param {string} version such as "22.12.0"
 */
export function nodeProblem(version) {
  const [major, minor] = version.split(".").map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (isNewEnough) return null;
  return `this is Node ${version}, and wrangler needs ${OLDEST.join(".")} or newer: install a newer one from https://nodejs.org. Nothing was written.`;
}
