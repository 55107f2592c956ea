// Makes a project from the template with the real create-cloudflare, as
// `npm create cloudflare -- --template` does. A repository on this machine replaces the one on
// GitHub. The test configures git and create-cloudflare's cache to use this repository.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { read } from "../../npm/edgegate-worker/cli/lib/config-edit.js";
import { inRoot } from "../../scripts/project/root.mjs";
import { output } from "../../scripts/project/run.mjs";
import { startCloudflare } from "../deploy/cloudflare.mjs";
import { buildPackages } from "../package/package.mjs";
import { isWide } from "../wide.mjs";
import { makeMachine, TARBALLS } from "./project.mjs";

const CREATE_CLOUDFLARE = "create-cloudflare@2.74.0";
const REPOSITORY = "acme/edgegate";
const NAME = "shop-auth";
const REDIRECT = pathToFileURL(inRoot("tests/deploy/redirect.mjs")).href;

before(buildPackages, { timeout: 600_000 });

test("create-cloudflare makes a project that runs and deploys", {
  skip: isWide ? false : "npm run test:wide",
  timeout: 900_000,
}, async (t) => {
  const machine = await makeMachine(t);
  const env = await repositoryFor(machine);
  const made = await machine.run(
    "npx",
    [
      ...["--yes", CREATE_CLOUDFLARE, NAME, "--template", `${REPOSITORY}/template`],
      ...["--no-deploy", "--no-git", "--no-agents", "--no-open", "--no-auto-update"],
    ],
    { env },
  );
  assert.equal(made.code, 0, made.text);

  const config = (/** @type {string} */ path) => read(readFileSync(path, "utf8"));
  const changed = { name: NAME, observability: { enabled: true }, upload_source_maps: true };
  assert.deepEqual(config(machine.inRoot(NAME, "wrangler.jsonc")), {
    ...config(inRoot("template/wrangler.jsonc")),
    ...changed,
  });
  const ignored = readFileSync(machine.inRoot(NAME, ".gitignore"), "utf8").split("\n");
  for (const name of [".edgegate/", ".dev.vars*", "node_modules/"])
    assert.ok(
      ignored.some((line) => line.replace(/^\//, "") === name),
      `${name}: ${ignored}`,
    );

  const inProject = { cwd: NAME };
  const tested = await machine.run("npm", ["test"], inProject);
  assert.equal(tested.code, 0, tested.text);

  const offline = ["--resolver", "http://127.0.0.1:9/"];
  const examined = await machine.run(
    "npx",
    ["edgegate", "doctor", "--json", ...offline],
    inProject,
  );
  const { checks } = JSON.parse(examined.stdout);
  const warnings = checks.filter(({ status }) => status === "warning").map(({ name }) => name);
  assert.deepEqual(warnings, ["settings", "logs", "names", "mail"], examined.text);

  const cloudflare = await startCloudflare(t);
  const deployed = await machine.run("npm", ["run", "deploy", "--", "--yes", "--wait", "120"], {
    ...inProject,
    env: { ...cloudflare.env, NODE_OPTIONS: `--import=${REDIRECT}` },
  });
  assert.equal(deployed.code, 0, deployed.text);
  assert.match(deployed.text, /Note: the Worker is "shop-auth", but my-auth/);
  assert.match(deployed.text, /Note: observability has no `"redact_query_string": true`/);
  const health = await cloudflare.ask(`https://${NAME}.acme.workers.dev/healthz`);
  assert.equal(health.status, 200);
});

/**
 * Makes a repository that contains the template. Returns the settings with which create-cloudflare
 * finds this repository.
 *
 * @param {Awaited<ReturnType<typeof makeMachine>>} machine
 */
async function repositoryFor(machine) {
  const [repository, home] = ["repository", "home"].map((name) => machine.inRoot(name));
  cpSync(inRoot("template"), join(repository, "template"), {
    recursive: true,
    filter: (from) => !/node_modules|\.edgegate|\.wrangler|\.dev\.vars/.test(from),
  });
  const manifest = join(repository, "template/package.json");
  const { dependencies, ...more } = JSON.parse(readFileSync(manifest, "utf8"));
  const packed = { ...dependencies, "edgegate-worker": `file:${TARBALLS.worker}` };
  writeFileSync(manifest, JSON.stringify({ ...more, dependencies: packed }));

  const git = async (/** @type {string[]} */ ...args) => {
    const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    const text = await output("git", ["-C", repository, ...who, ...args]);
    assert.ok(text !== null, `git ${args.join(" ")}`);
    return text;
  };
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=template");
  const commit = await git("rev-parse", "HEAD");
  const cache = join(home, ".degit/github", REPOSITORY);
  mkdirSync(cache, { recursive: true });
  await git(
    ...["archive", `--prefix=edgegate-${commit}/`, "--format=tar.gz"],
    ...[`--output=${join(cache, `${commit}.tar.gz`)}`, "HEAD"],
  );
  symlinkSync((await output("/bin/sh", ["-c", "command -v git"])) ?? "", join(machine.bin, "git"));
  return {
    HOME: home,
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), ".npmrc"),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), ".npm"),
    CREATE_CLOUDFLARE_TELEMETRY_DISABLED: "1",
    CI: "1",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `url.${pathToFileURL(repository).href}.insteadOf`,
    GIT_CONFIG_VALUE_0: `https://github.com/${REPOSITORY}`,
  };
}
