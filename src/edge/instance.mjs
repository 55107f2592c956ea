// A panic, or any other trap, ends the instance of the wasm, and with it all that was under way on it: its promises would never
// settle. wasm-bindgen makes a new instance for the next call; here what was lost hears of it. scripts/project/worker-module.mjs
// has wasm-bindgen's module call `instanceDied`.
const underWay = new Set();

/** What a call to the wasm came to; a promise is rejected as soon as the instance that keeps it is gone. */
export function whileItLives(outcome) {
  if (!(outcome instanceof Promise)) return outcome;
  return new Promise((resolve, reject) => {
    underWay.add(reject);
    outcome.then(resolve, reject).finally(() => underWay.delete(reject));
  });
}

/** Called once for each trap. */
export function instanceDied() {
  const lost = [...underWay];
  underWay.clear();
  for (const reject of lost) reject(new InstanceDied());
}

/** Why a call came to nothing. What went wrong is in the log: the panic's own line. */
export class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm is gone";
}
