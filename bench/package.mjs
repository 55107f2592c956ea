// Compares the npm package with jose. It measures how many tokens each verifies per second in Node
// and in Chromium, the time to the first verified token, and how many bytes a page loads.
//
// Both verify the signatures of new tokens with the platform's cryptography. There is one
// difference: if the npm package sees a token again, it does not check the signature again.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { inRoot } from "../scripts/project/root.mjs";
import { node } from "../scripts/project/tools.mjs";
import { newKey, OPTIONS, setOf } from "../tests/package/tokens.mjs";
import { ratioInterval, verdict } from "./intervals.mjs";
import { quantile, spread } from "./statistics.mjs";
import { PARALLEL, round, SERIAL } from "./subjects/verifiers.mjs";

const ALGORITHMS = ["EdDSA", "ES256"];
const FIRSTS = 9;
const PACKAGE = inRoot("dist/package");
const WASM = "wasm/edgegate_bg.wasm";
const ENTRIES = {
  edgegate: `export { Verifier } from ${JSON.stringify(`${PACKAGE}/web.js`)};`,
  jose: 'export { createLocalJWKSet, jwtVerify } from "jose";',
};

/** Measures the npm package and jose. Returns `{ rates, first, bytes }`. */
export async function comparePackage({ rounds, log = console.log }) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-bench-"));
  const cleanUp = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const bytes = await bundles(folder);
    const chromium = await openChromium(folder, cleanUp);
    const [edgegate, jose] = await Promise.all([
      import(pathToFileURL(`${PACKAGE}/node.js`).href),
      import("jose"),
    ]);
    const places = {
      Node: (given) => round({ edgegate, jose }, given),
      Chromium: chromium.round,
    };
    const rates = {};
    for (const alg of ALGORITHMS) {
      for (const [place, run] of Object.entries(places)) {
        log(`the package beside jose, ${alg} in ${place} …`);
        const found = [];
        for (let n = 0; n < rounds; n++)
          found.push(await run({ ...(await given(alg, SERIAL + PARALLEL)), isEven: n % 2 === 0 }));
        for (const way of Object.keys(found[0]))
          rates[`${alg}, ${way}, ${place}`] = summary(found.map((each) => each[way]));
      }
    }
    const first = {};
    for (const alg of ALGORITHMS) {
      log(`the package beside jose, first verification, ${alg} …`);
      first[`${alg}, Node`] = await firsts(alg, (name, one) => firstInNode(folder, name, one));
      first[`${alg}, Chromium`] = await firsts(alg, chromium.first);
    }
    return { rates, first, bytes };
  } finally {
    for (const work of cleanUp.reverse()) await work();
  }
}

async function given(alg, count) {
  const key = newKey("1", alg);
  const tokens = Array.from({ length: count }, (_, n) => key.token({ jti: `${n}` }));
  return { alg, jwks: setOf(key), options: OPTIONS, tokens };
}

/**
 * The rates of the npm package and of jose, and the ratio of these rates. Each round consists of
 * several parts. In each part, the two were measured one right after the other. The ratio of a
 * round is the median of the ratios of its parts.
 */
function summary(found) {
  const ratios = found.map(({ edgegate, jose }) =>
    quantile(
      edgegate.map((rate, part) => rate / jose[part]),
      0.5,
    ),
  );
  return {
    edgegate: spread(found.map((each) => quantile(each.edgegate, 0.5))),
    jose: spread(found.map((each) => quantile(each.jose, 0.5))),
    ...compared(ratios),
  };
}

/** `ratios` has one ratio for each round. A ratio above 1 means that the npm package was faster. */
function compared(ratios) {
  const interval = ratioInterval(
    ratios,
    ratios.map(() => 1),
  );
  return { ...interval, verdict: verdict(interval), eachRound: { ratio: ratios } };
}

/**
 * Makes the bundles that a page would load, and returns their sizes in bytes, minified and gzipped.
 */
async function bundles(folder) {
  const bytes = {};
  for (const [name, contents] of Object.entries(ENTRIES)) {
    await build({
      stdin: { contents, resolveDir: inRoot("bench") },
      bundle: true,
      minify: true,
      format: "esm",
      outfile: join(folder, `${name}.js`),
      logLevel: "error",
    });
    bytes[name] = gzipped(readFileSync(join(folder, `${name}.js`)));
  }
  mkdirSync(join(folder, "wasm"));
  copyFileSync(join(PACKAGE, WASM), join(folder, WASM));
  bytes.edgegate += gzipped(readFileSync(join(folder, WASM)));
  return bytes;
}

const gzipped = (data) => gzipSync(data, { level: 9 }).length;

async function openChromium(folder, cleanUp) {
  // These modules use browser APIs, which the type check of the bench does not know. They are
  // imported by a computed path, so that the type check does not read them.
  const [{ startBrowser }, { startSite }] = await Promise.all(
    ["tests/browser/browser.mjs", "tests/package/site.mjs"].map(
      (path) => import(pathToFileURL(inRoot(path)).href),
    ),
  );
  copyFileSync(inRoot("bench/subjects/verifiers.mjs"), join(folder, "verifiers.mjs"));
  const t = { after: (work) => cleanUp.push(work) };
  const pages = { "/": "<!doctype html><title>bench</title>" };
  const site = await startSite(t, { pages, folders: { "/": folder } });
  const browser = await startBrowser();
  cleanUp.push(() => browser.close());
  const open = async () => {
    const context = await browser.newContext({ baseURL: site.origin });
    const page = await context.newPage();
    await page.goto("/");
    return { page, close: () => context.close() };
  };
  const { page } = await open();
  return {
    round: (given) =>
      page.evaluate(async (given) => {
        const [edgegate, jose, { round }] = await Promise.all(
          ["/edgegate.js", "/jose.js", "/verifiers.mjs"].map((path) => import(path)),
        );
        return round({ edgegate, jose }, given);
      }, given),
    /**
     * Measures the time to the first verified token, in a new browser profile, so that nothing is
     * cached.
     */
    async first(name, one) {
      const { page, close } = await open();
      const time = await page.evaluate(
        async ([path, name, one]) => {
          const { verifiersOf } = await import(path);
          const begun = performance.now();
          const modules = { [name]: await import(`/${name}.js`) };
          await (await verifiersOf(modules, one))[name](one.tokens[0]);
          return performance.now() - begun;
        },
        ["/verifiers.mjs", name, one],
      );
      await close();
      return time;
    },
  };
}

/**
 * Measures in a new process the time from the import of the npm package, or of jose, to the first
 * verified token.
 */
function firstInNode(folder, name, one) {
  const path = join(folder, "first.mjs");
  const from = {
    edgegate: pathToFileURL(`${PACKAGE}/node.js`).href,
    jose: import.meta.resolve("jose"),
  };
  writeFileSync(
    path,
    `import { verifiersOf } from ${JSON.stringify(pathToFileURL(inRoot("bench/subjects/verifiers.mjs")).href)};
     const given = ${JSON.stringify(one)};
     const begun = performance.now();
     const modules = { ${name}: await import(${JSON.stringify(from[name])}) };
     await (await verifiersOf(modules, given)).${name}(given.tokens[0]);
     console.log(performance.now() - begun);`,
  );
  return Number(execFileSync(node(), [path], { encoding: "utf8" }));
}

/**
 * Measures, for the npm package and jose in turns, the milliseconds to the first verified token.
 */
async function firsts(alg, run) {
  const times = { edgegate: [], jose: [] };
  for (let n = 0; n < FIRSTS; n++) {
    const one = await given(alg, 1);
    const names = n % 2 === 0 ? ["edgegate", "jose"] : ["jose", "edgegate"];
    for (const name of names) times[name].push(await run(name, one));
  }
  const ratios = times.edgegate.map((time, index) => times.jose[index] / time);
  return {
    edgegate: spread(times.edgegate),
    jose: spread(times.jose),
    ...compared(ratios),
  };
}
