const OLDEST = [22, 12];

/**
 * A message that says why this version of Node can't be used; null if it can.
 *
 * @param {string} version such as "22.12.0"
 */
export function nodeProblem(version) {
  const [major, minor] = version.split(".").map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (isNewEnough) return null;
  return `this is Node ${version}, and wrangler needs ${OLDEST.join(".")} or newer: install a newer one from https://nodejs.org. Nothing was written.`;
}
