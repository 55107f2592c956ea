// Loads scripts into new isolates and measures the time to the first answer of each isolate. For
// each measurement, a Worker (the loader) loads the script as a dynamic Worker with a new name, so
// that it gets a new isolate. Then the loader passes a request to the dynamic Worker.
import { busyMilliseconds, withPid } from "./process.mjs";
import { start } from "./workers.mjs";

const OPTIONS = { compatibilityDate: "2026-10-23", compatibilityFlags: ["nodejs_compat"] };

/**
 * A Worker and the request that is sent to it. The Worker's modules import the wasm as
 * `index_bg.wasm`.
 *
 * @typedef {object} Subject
 * @property {string} script the text of index.js
 * @property {string} [main] a main module that imports index.js; by default index.js itself is the
 *   main module
 * @property {Record<string, string>} [more] further modules
 * @property {Uint8Array} [wasm]
 * @property {object} env
 * @property {string} path
 */

/**
 * Measures all subjects in turns. For each subject, returns three results: the milliseconds to the
 * first answer in each round, the milliseconds for which workerd's threads were busy meanwhile
 * (undefined if the operating system does not provide this), and the status of the answers. The
 * times include the passing of the request from one isolate to another.
 *
 * @param {Record<string, Subject>} subjects
 * @param {{ rounds: number, origin: string }} options
 */
export async function firstAnswers(subjects, { rounds, origin }) {
  const names = Object.keys(subjects);
  const withWasm = names.filter((name) => subjects[name].wasm);
  const scripts = Object.fromEntries(
    Object.entries(subjects).map(([name, { wasm: _, ...subject }]) => [name, subject]),
  );
  const loader = loaderOf(withWasm, origin);
  const modules = [
    { type: "ESModule", path: "index.js", contents: loader },
    { type: "Text", path: "scripts.json", contents: JSON.stringify(scripts) },
    ...withWasm.map((name, at) => ({
      type: "Data",
      path: `${at}.bin`,
      contents: subjects[name].wasm,
    })),
  ];
  const { url, stop, pid } = await withPid(() =>
    start(loader, { modules, workerLoaders: { LOADER: {} } }),
  );
  /** @type {Record<string, { milliseconds: number[], processor: (number | undefined)[], status: number }>} */
  const found = Object.fromEntries(
    names.map((name) => [name, { milliseconds: [], processor: [], status: 0 }]),
  );
  try {
    for (let round = -1; round < rounds; round++) {
      for (const name of names) {
        const before = busyMilliseconds(pid);
        const begun = performance.now();
        const answer = await fetch(new URL(encodeURIComponent(name), url));
        const text = await answer.text();
        const took = performance.now() - begun;
        const busy = busyMilliseconds(pid);
        if (answer.status >= 500)
          throw new Error(`${name} answers ${answer.status}: ${text.slice(0, 300)}`);
        found[name].status = answer.status;
        // The first round is not recorded, because it warms up the compiler.
        if (round < 0) continue;
        found[name].milliseconds.push(took);
        found[name].processor.push(before === undefined ? undefined : Number(busy) - before);
      }
    }
  } finally {
    await stop();
  }
  return found;
}

const loaderOf = (withWasm, origin) => `
import text from "scripts.json";
${withWasm.map((_, at) => `import wasm${at} from "${at}.bin";`).join("\n")}
const wasms = {${withWasm.map((name, at) => `${JSON.stringify(name)}: wasm${at}`).join(", ")}};
const scripts = JSON.parse(text);
let loaded = 0;
export default {
  fetch(request, { LOADER }) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const { script, main, more, env, path } = scripts[name];
    const wasm = wasms[name];
    const modules = { "index.js": script, ...(main && { "main.js": main }), ...more, ...(wasm && { "index_bg.wasm": { wasm } }) };
    const mainModule = main ? "main.js" : "index.js";
    const options = { ...${JSON.stringify(OPTIONS)}, mainModule, modules, env };
    return LOADER.get(name + loaded++, () => options).getEntrypoint().fetch(new Request("${origin}" + path));
  },
};`;
