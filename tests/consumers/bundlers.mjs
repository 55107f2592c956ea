// The bundlers for browsers. Each bundler builds a page with the package, and Chromium opens this
// page under a strict Content-Security-Policy. Some bundlers also build a worker or a program for a
// server.
import { cpSync, readFileSync } from "node:fs";
import { node } from "../../scripts/project/tools.mjs";

const source = (from) => `
import * as edgegate from "${from}";
import { check } from "./check.mjs";
import given from "./given.mjs";
check(edgegate, given).then(
  (outcome) => { globalThis.outcome = outcome; },
  (error) => { globalThis.outcome = String(error.stack); },
);
`;
const program =
  source("edgegate") +
  `
const wait = () => globalThis.outcome ? console.log(JSON.stringify(globalThis.outcome)) : setTimeout(wait, 5);
wait();
`;
const html = (script) =>
  `<!doctype html><html lang="en"><title>consumer</title><script type="module" src="${script}"></script></html>`;
const page = (script) => ({ "/": html(script) });
const printed = (text) => JSON.parse(text.trim().split("\n").at(-1));

const vite = (major, group) => ({
  name: `vite-${major}`,
  title: `Vite ${major}`,
  group,
  tool: `vite-${major}`,
  how: 'import "edgegate"',
  isWide: major !== 8,
  async run(project) {
    project.write("index.html", html("/main.js"));
    project.write("main.js", source("edgegate"));
    await project.tool(`vite-${major}/bin/vite.js`, "build");
    return { "a page": await project.browse("dist") };
  },
});

/** webpack and Rspack have the same options. */
const webpackLike = (name, title, group, module, isWide) => ({
  name,
  title,
  group,
  tool: module,
  how: 'import "edgegate"',
  isWide,
  async run(project) {
    project.write("main.js", source("edgegate"));
    project.write("program.js", program);
    project.write(
      "build.mjs",
      `import pack from "${module === "webpack" ? "webpack" : "@rspack/core"}";
       const run = pack.webpack ?? pack.rspack ?? pack;
       const config = (name, target) => ({
         mode: "production", target, entry: "./" + name + ".js", context: import.meta.dirname,
         output: { path: import.meta.dirname + "/dist/" + name, filename: name + ".js", publicPath: target === "web" ? "/" : undefined },
       });
       for (const one of [config("main", "web"), config("program", "node")])
         await new Promise((resolve, reject) => run(one, (error, stats) =>
           error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve()));`,
    );
    await project.exec(node(), ["build.mjs"]);
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
    project.write("dist/program/package.json", JSON.stringify({ type: "commonjs" }));
    return {
      "a page": await project.browse("dist/main", page("/main.js"), { csp: policy }),
      "a program for Node": printed(await project.exec(node(), ["dist/program/program.js"])),
    };
  },
});

const rollup = {
  name: "rollup",
  title: "Rollup",
  group: "bundlers",
  tool: "rollup",
  how: 'import "edgegate/inline"; on servers "edgegate"',
  async run(project) {
    project.write("main.js", source("edgegate/inline"));
    project.write("program.js", program);
    project.write(
      "build.mjs",
      `import { rollup } from "rollup";
       import { nodeResolve } from "@rollup/plugin-node-resolve";
       const build = async (input, options) => {
         const onwarn = (warning) => { throw new Error(warning.message); };
         const bundle = await rollup({ input, onwarn, external: /^node:/, plugins: [nodeResolve(options)] });
         await bundle.write({ dir: "dist", format: "es" });
       };
       await build("main.js", { browser: true });
       await build("program.js", { exportConditions: ["node"] });`,
    );
    await project.exec(node(), ["build.mjs"]);
    return {
      "a page": await project.browse("dist", page("/main.js")),
      "a program for Node": printed(await project.exec(node(), ["dist/program.js"])),
    };
  },
};

const WORKER_PAGE = `
const worker = new Worker("/worker.js", { type: "module" });
worker.onmessage = ({ data }) => { globalThis.outcome = data; };
worker.onerror = (event) => { globalThis.outcome = event.message; };
`;
const inWorker = (from, answer) => `
import * as edgegate from "${from}";
import { check } from "./check.mjs";
import given from "./given.mjs";
${answer}
`;
const SERVICE_PAGE = `
navigator.serviceWorker.register("/service.js").then(async () => {
  await navigator.serviceWorker.ready;
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data }) => { globalThis.outcome = data; };
  active.postMessage("check", [channel.port2]);
}).catch((error) => { globalThis.outcome = String(error); });
`;

const esbuild = {
  name: "esbuild",
  title: "esbuild",
  group: "bundlers",
  tool: "esbuild",
  how: 'import "edgegate/inline"; on servers "edgegate"',
  async run(project) {
    project.write("main.js", source("edgegate/inline"));
    project.write("program.js", program);
    project.write(
      "worker.js",
      inWorker("edgegate/inline", "postMessage(await check(edgegate, given));"),
    );
    project.write(
      "service.js",
      inWorker(
        "edgegate/inline",
        `self.onmessage = async ({ ports: [port] }) => port.postMessage(await check(edgegate, given).catch((error) => String(error.stack)));`,
      ),
    );
    project.write(
      "build.mjs",
      `
      import { build } from "esbuild";
      const common = { bundle: true, minify: true, outdir: "dist", logLevel: "error" };
      await build({ ...common, entryPoints: ["main.js", "worker.js"], format: "esm", platform: "browser", target: "es2022" });
      await build({ ...common, entryPoints: ["service.js"], format: "iife", platform: "browser" });
      await build({ ...common, entryPoints: ["program.js"], format: "esm", platform: "node", outExtension: { ".js": ".mjs" } });`,
    );
    await project.exec(node(), ["build.mjs"]);
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
    const start = (script) =>
      project.browse("dist", { "/": html("/start.js"), "/start.js": script }, { csp: policy });
    return {
      "a page": await project.browse("dist", page("/main.js")),
      "a web worker": await start(WORKER_PAGE),
      "a service worker": await start(SERVICE_PAGE),
      "a program for Node": printed(await project.exec(node(), ["dist/program.mjs"])),
    };
  },
};

const parcel = {
  name: "parcel",
  title: "Parcel",
  group: "more-bundlers",
  tool: "parcel",
  how: 'import "edgegate"',
  isWide: true,
  async run(project) {
    project.write("index.html", html("./main.js"));
    project.write("main.js", source("edgegate"));
    await project.tool("parcel/lib/bin.js", "build", "index.html", "--no-cache");
    // The policy needs 'unsafe-inline', because Parcel writes an import map into the page, and an
    // import map is an inline script.
    const csp =
      "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'";
    return { "a page": await project.browse("dist", {}, { csp }) };
  },
};

/** Uses no bundler. The files of the package run unchanged in a page and in the page's workers. */
const plain = {
  name: "plain",
  title: "no bundler",
  group: "bundlers",
  tool: null,
  how: 'import "/edgegate/web.js"',
  async run(project) {
    project.write("site/index.html", html("/main.js"));
    const answer = "postMessage(await check(edgegate, given));";
    const files = {
      "main.js": source("/edgegate/web.js"),
      "worker.js": inWorker("/edgegate/web.js", answer),
      "service.js": inWorker(
        "/edgegate/web.js",
        `self.onmessage = async ({ ports: [port] }) => port.postMessage(await check(edgegate, given).catch((error) => String(error.stack)));`,
      ),
    };
    for (const [name, text] of Object.entries(files)) project.write(`site/${name}`, text);
    for (const name of ["check.mjs", "given.mjs"])
      project.write(`site/${name}`, readFileSync(project.path(name), "utf8"));
    cpSync(project.module("edgegate"), project.path("site/edgegate"), { recursive: true });
    const csp =
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
    const start = (script) =>
      project.browse("site", { "/": html("/start.js"), "/start.js": script }, { csp });
    return {
      "a page": await project.browse("site"),
      "a web worker": await start(WORKER_PAGE),
      "a service worker": await start(
        SERVICE_PAGE.replace('"/service.js"', '"/service.js", { type: "module" }'),
      ),
    };
  },
};

export const bundlers = [
  plain,
  vite(8, "bundlers"),
  vite(7, "more-bundlers"),
  vite(6, "more-bundlers"),
  vite(5, "more-bundlers"),
  webpackLike("webpack", "webpack", "bundlers", "webpack", false),
  webpackLike("rspack", "Rspack", "more-bundlers", "@rspack/core", true),
  rollup,
  esbuild,
  parcel,
];
