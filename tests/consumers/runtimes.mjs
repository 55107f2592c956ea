// The runtimes that run the package without a bundler, and the test runners.
import { node } from "../../scripts/project/tools.mjs";

const MODULE = `
import * as edgegate from "edgegate";
import { check } from "./check.mjs";
import given from "./given.mjs";
console.log(JSON.stringify(await check(edgegate, given)));
`;
const COMMON_JS = `
const edgegate = require("edgegate");
const { check } = require("./check.cjs");
check(edgegate, require("./given.cjs")).then((outcome) => console.log(JSON.stringify(outcome)));
`;
const printed = (text) => JSON.parse(text.trim().split("\n").at(-1));

const nodeRuntime = (major, group) => ({
  name: `node-${major}`,
  title: `Node ${major}`,
  group,
  tool: `node-${major}`,
  how: 'import "edgegate", require("edgegate")',
  type: "commonjs",
  isWide: major !== 20,
  async run(project) {
    project.write("program.mjs", MODULE);
    project.write("program.cjs", COMMON_JS);
    const program = project.module(`node-${major}/bin/node`);
    return {
      import: printed(await project.exec(program, ["program.mjs"])),
      require: printed(await project.exec(program, ["program.cjs"])),
    };
  },
});

const deno = {
  name: "deno",
  title: "Deno",
  group: "more-runtimes",
  tool: "deno",
  how: 'import "edgegate"',
  isWide: true,
  async run(project) {
    project.write("program.mjs", MODULE);
    const program = project.module(".bin/deno");
    return {
      "a program": printed(
        await project.exec(program, [
          "run",
          "--no-remote",
          "--node-modules-dir=manual",
          "program.mjs",
        ]),
      ),
    };
  },
};

const bun = {
  name: "bun",
  title: "Bun",
  group: "more-runtimes",
  tool: "bun",
  how: 'import "edgegate", require("edgegate"); a page: "edgegate/inline"',
  type: "commonjs",
  isWide: true,
  async run(project) {
    project.write("program.mjs", MODULE);
    project.write("program.cjs", COMMON_JS);
    project.write(
      "page.mjs",
      MODULE.replace('"edgegate"', '"edgegate/inline"').replace(
        "console.log(JSON.stringify(await check(edgegate, given)))",
        "globalThis.outcome = await check(edgegate, given)",
      ),
    );
    const program = project.module(".bin/bun");
    const build = (...args) => project.exec(program, ["build", ...args]);
    await build("program.mjs", "--target=bun", "--outfile=dist/bun.mjs");
    await build("program.mjs", "--target=node", "--outfile=dist/node.mjs");
    await build("page.mjs", "--target=browser", "--outfile=site/page.js");
    return {
      import: printed(await project.exec(program, ["program.mjs"])),
      require: printed(await project.exec(program, ["program.cjs"])),
      "a bundle for Bun": printed(await project.exec(program, ["dist/bun.mjs"])),
      "a bundle for Node": printed(await project.exec(node(), ["dist/node.mjs"])),
      "a page": await project.browse("site", {
        "/": '<!doctype html><title>consumer</title><script type="module" src="/page.js"></script>',
      }),
    };
  },
};

const workers = {
  name: "workers",
  title: "Cloudflare Workers",
  group: "bundlers",
  tool: null,
  how: 'import "edgegate"',
  async run(project) {
    project.write(
      "worker.js",
      `import * as edgegate from "edgegate";
       import { check } from "./check.mjs";
       import given from "./given.mjs";
       export default { fetch: async () => Response.json(await check(edgegate, given)) };`,
    );
    process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
    process.env.WRANGLER_SEND_METRICS ??= "false";
    process.env.WRANGLER_WRITE_LOGS ??= "false";
    const { createTestHarness } = await import("wrangler");
    const server = createTestHarness({
      root: project.folder,
      workers: [
        {
          config: {
            name: "consumer",
            main: project.path("worker.js"),
            compatibility_date: "2026-10-23",
          },
        },
      ],
    });
    project.cleanUp.push(() => server.close());
    await server.listen();
    const answer = await server.getWorker("consumer").fetch("http://consumer/");
    return { "a Worker": await answer.json() };
  },
};

const vitest = {
  name: "vitest",
  title: "Vitest",
  group: "test-runners",
  tool: "vitest",
  how: 'import "edgegate"',
  async run(project) {
    project.write(
      "edgegate.test.mjs",
      `import { writeFileSync } from "node:fs";
       import * as edgegate from "edgegate";
       import { test } from "vitest";
       import { check } from "./check.mjs";
       import given from "./given.mjs";
       test("edgegate", async () => writeFileSync("outcome.json", JSON.stringify(await check(edgegate, given))));`,
    );
    await project.tool("vitest/vitest.mjs", "run", "--root", ".");
    return { "a test": project.read("outcome.json") };
  },
};

const JEST_TEST = (environment) => `/** @jest-environment ${environment} */
const { writeFileSync } = require("node:fs");
const edgegate = require("edgegate");
const { check } = require("./check.cjs");
test("edgegate", async () =>
  writeFileSync("${environment}.json", JSON.stringify(await check(edgegate, require("./given.cjs")))));
`;

const jest = {
  name: "jest",
  title: "Jest",
  group: "test-runners",
  tool: "jest",
  how: 'import "edgegate"',
  type: "commonjs",
  async run(project) {
    for (const environment of ["node", "jsdom"])
      project.write(`${environment}.test.cjs`, JEST_TEST(environment));
    await project.tool("jest/bin/jest.js", "--rootDir", ".", "--testMatch", "**/*.test.cjs");
    return {
      "a test": project.read("node.json"),
      "a test with jsdom": project.read("jsdom.json"),
    };
  },
};

export const runtimes = [
  nodeRuntime(20, "node-20"),
  nodeRuntime(22, "more-runtimes"),
  nodeRuntime(24, "more-runtimes"),
  deno,
  bun,
  workers,
  vitest,
  jest,
];
