// Tests the files of the npm package in the form in which they are published. They verify the
// tokens of tests/vectors/agreement/tokens.json in Node, in workerd and in Chromium.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { runBothWays } from "./package.mjs";
import { assertAgreed, summary } from "./vectors.mjs";

const PACKAGE = "dist/package";
const NOT_FOR_WORKERD = [
  "edge-light.js",
  "inline.js",
  "inline-source.js",
  "node.js",
  "web.js",
  "wasm/inline.js",
];
const file = readFileSync(inRoot("tests/vectors/agreement/tokens.json"), "utf8");

before(async () => {
  // If `npm test` runs this file, it has just built the package. If a developer runs this file
  // directly, the sources might have changed since the last build, so build the package again.
  if (process.env.EDGEGATE_BUILT && existsSync(inRoot(PACKAGE))) return;
  const { code, stderr } = await run(node(), [inRoot("scripts/build-package.mjs")], {
    env: toolEnv(),
    capture: true,
  });
  if (code !== 0) throw new Error(`the package does not build:\n${stderr}`);
});

const WYCHEPROOF = Object.fromEntries(
  Object.entries({
    ES256: "ecdsa_secp256r1_sha256_p1363_test.json",
    EdDSA: "ed25519_test.json",
  }).map(([alg, name]) => [
    alg,
    JSON.parse(readFileSync(inRoot("tests/vectors/wycheproof", name), "utf8")),
  ]),
);

const agreed = (t, where, { platform, wasm, wycheproof }) => {
  for (const [way, { counts, wrong, byPlatform }] of Object.entries({ platform, wasm })) {
    assertAgreed(wrong);
    assert.equal(byPlatform > 100, way === "platform", `${way}: ${byPlatform} by the platform`);
    t.diagnostic(summary(`the package in ${where}, signatures by the ${way}`, counts));
  }
  assertAgreed(wycheproof.wrong);
  const { valid, invalid, checks } = wycheproof.counts;
  // `valid` and `invalid` count the signatures that the platform verified. These are all valid
  // signatures (88 of Ed25519 and 173 of ES256) and those invalid ones that have the right form.
  // `checks` counts the other invalid signatures, which the package rejects because of their form.
  assert.deepEqual([valid, invalid, checks], [261, 48, 104]);
  t.diagnostic(
    `Wycheproof by the platform of ${where}: ${valid} valid, ${invalid} invalid; ${checks} are refused before by their form`,
  );
};

test("the package agrees with the file in Node", async (t) => {
  const edgegate = await import(pathToFileURL(inRoot(PACKAGE, "node.js")).href);
  const found = await runBothWays(edgegate, JSON.parse(file), WYCHEPROOF);
  agreed(t, `Node ${process.versions.node}`, found);
});

test("the package agrees with the file in workerd", async (t) => {
  const { Miniflare, convertV4MiniflareOptions } = await import("miniflare");
  const { unstable_readConfig } = await import("wrangler");
  const { compatibility_date } = unstable_readConfig(
    { config: inRoot("wrangler.toml") },
    { hideWarnings: true },
  );
  const contents = (path) => readFileSync(inRoot(path));
  // Leave out the entry points for other platforms and the files that only these need. Some of them
  // import modules that do not exist in workerd.
  const scripts = readdirSync(inRoot(PACKAGE), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".js") && !NOT_FOR_WORKERD.includes(path),
  );
  const modules = [
    ...["workerd.mjs", "package.mjs", "vectors.mjs", "wycheproof.mjs"].map((path) => ({
      type: "ESModule",
      path,
      contents: contents(`tests/agreement/${path}`),
    })),
    ...scripts.map((path) => ({
      type: "ESModule",
      path: `edgegate/${path}`,
      contents: contents(`${PACKAGE}/${path}`),
    })),
    {
      type: "CompiledWasm",
      path: "edgegate/wasm/edgegate_bg.wasm",
      contents: contents(`${PACKAGE}/wasm/edgegate_bg.wasm`),
    },
  ];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions(
      /** @type {Parameters<typeof convertV4MiniflareOptions>[0]} */ ({
        cf: false,
        workers: [{ name: "agreement", compatibilityDate: compatibility_date, modules }],
      }),
    ),
  );
  t.after(() => miniflare.dispose());
  const answer = await miniflare.dispatchFetch("http://agreement.test/", {
    method: "POST",
    body: JSON.stringify({ file: JSON.parse(file), wycheproof: WYCHEPROOF }),
  });
  agreed(t, "workerd", /** @type {Parameters<typeof agreed>[2]} */ (await answer.json()));
});

test("the package agrees with the file in Chromium, under a strict policy", async (t) => {
  const [browser, { origin, stop }] = await Promise.all([startBrowser(), serve()]);
  t.after(() => Promise.all([browser.close(), stop()]));
  const page = await openPage(t, browser, origin);
  await page.goto("/");
  const result = await page.evaluate(async (wycheproof) => {
    const [edgegate, { runBothWays }, answer] = await Promise.all([
      import("/edgegate/web.js"),
      import("/agreement/package.mjs"),
      fetch("/tokens.json"),
    ]);
    return runBothWays(edgegate, await answer.json(), wycheproof);
  }, WYCHEPROOF);
  agreed(t, `Chromium ${browser.version()}`, result);
});

/** Serves an HTML page, the package's files and the tokens. */
async function serve() {
  const types = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
  };
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
  /** @type {[pattern: RegExp, folder: string][]} */
  const places = [
    [/^\/edgegate\/([\w/-]+\.(?:js|wasm))$/, PACKAGE],
    [/^\/agreement\/(\w+\.mjs)$/, "tests/agreement"],
    [/^\/(tokens\.json)$/, "tests/vectors/agreement"],
  ];
  const server = createServer(({ url = "" }, answer) => {
    answer.setHeader("Content-Security-Policy", policy);
    if (url === "/")
      return answer
        .setHeader("Content-Type", "text/html")
        .end("<!doctype html><title>Agreement</title>");
    const path = places.flatMap(
      ([pattern, folder]) =>
        pattern
          .exec(url)
          ?.slice(1)
          .map((name) => inRoot(folder, name)) ?? [],
    )[0];
    if (!path || !existsSync(path)) return answer.writeHead(404).end();
    answer.setHeader("Content-Type", types[extname(path)]).end(readFileSync(path));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () => new Promise((done) => server.close(done)),
  };
}
