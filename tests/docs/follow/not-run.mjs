// The code blocks that the test can't run, each with the reason. An entry means the block that
// begins with the text `begins`. At most a tenth of all blocks may be listed.

/** @type {{ document: string, begins: string, reason: string }[]} */
export const NOT_RUN = [
  {
    document: "docs/deploy.md",
    begins: "npx wrangler login",
    reason: "it opens Cloudflare's page in a browser",
  },
  {
    document: "docs/operations.md",
    begins: "until [",
    reason: "it waits for a log-out at another place of a deployment",
  },
  {
    document: "docs/operations.md",
    begins: "-- who is being guessed at",
    reason: "Analytics Engine's SQL exists only on Cloudflare",
  },
  {
    document: "docs/operations.md",
    begins: 'ticket="ego_',
    reason: "it writes to the database of a deployed service",
  },
  {
    document: "npm/edgegate/README.md",
    begins: "npm install edgegate",
    reason: "the package is not on npm yet",
  },
  {
    document: "npm/create-edgegate/README.md",
    begins: "npm create edgegate",
    reason: "the package is not on npm yet",
  },
];
export const MOST = 1 / 10;

/**
 * The code blocks that another test reads from the document and runs. `test` is the path of that
 * test.
 *
 * @type {{ document: string, begins: string, test: string }[]}
 */
export const ELSEWHERE = [
  ...["README.md", "docs/get-started.md"].map((document) => ({
    document,
    begins: "npx --yes file:",
    test: "tests/template/create.test.mjs",
  })),
  {
    document: "npm/edgegate-worker/README.md",
    begins: "import EdgeGate",
    test: "tests/template/create.test.mjs",
  },
  ...[
    "location /admin/",
    "handle /admin/*",
    "http:\n  routers:",
    "- name: envoy.filters.http.ext_authz",
  ].map((begins) => ({
    document: "docs/forward-auth.md",
    begins,
    test: "tests/e2e/forward-auth.test.mjs",
  })),
];
