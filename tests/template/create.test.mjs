// Tests `npm create edgegate` with the packed packages. The folder has a space in its name, the
// PATH has only Node, npm and a shell, and there is no terminal. In the commands of README.md, only
// the port and the paths of the packages are changed.
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { before, describe, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { nodeProblem } from "../../npm/create-edgegate/node-version.js";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { freePort } from "../browser/edgegate.mjs";
import { blocks } from "../docs/markdown.mjs";
import { buildPackages } from "../package/package.mjs";
import { makeMachine, TARBALLS } from "./project.mjs";

const read = (path) => readFileSync(path, "utf8");
const README = read(inRoot("README.md"));

// How many seconds may pass until the service answers. The download is not included.
const READY_SECONDS = 60;

/** The commands in README.md. `create` creates and starts a service, and `signIn` signs in. */
const [create, signIn] = ["npx ", "AUTH="].map((begin) =>
  String(blocks(README, "sh").find((text) => text.startsWith(begin))),
);

before(buildPackages);

/** Returns the words of a command line. The command line must not contain quotation marks. */
const wordsOf = (line) =>
  line
    .replaceAll("/path/to/create-edgegate-0.1.0.tgz", TARBALLS.create)
    .replaceAll("/path/to/edgegate-worker-0.1.0.tgz", TARBALLS.worker)
    .split(" ");

/**
 * Unpacks create-edgegate into the machine's folder. Returns a function that runs the unpacked
 * program.
 */
async function unpacked(machine) {
  const folder = machine.inRoot("create");
  mkdirSync(folder);
  const { code } = await run("tar", [
    ...["-xzf", TARBALLS.create, "-C", folder],
    "--strip-components=1",
  ]);
  assert.equal(code, 0);
  return (args, options) => machine.run("node", [`${folder}/index.js`, ...args], options);
}

describe("npm create edgegate", { timeout: 600_000 }, () => {
  test("README.md's commands: a service, then a token; own routes and tests work", async (t) => {
    const machine = await makeMachine(t);
    const [npx, cd, start, ...others] = create.trim().split("\n");
    assert.deepEqual([cd, start, others], ["cd my-auth", "npm start", []]);
    assert.ok(blocks(read(inRoot("docs/get-started.md")), "sh").includes(create));

    const begun = performance.now();
    const [program, ...args] = wordsOf(npx);
    const made = await machine.run(program, args);
    assert.equal(made.code, 0, made.text);
    assert.match(made.text, /cd my-auth\n {4}npm start/);
    const project = (...parts) => machine.inRoot("my-auth", ...parts);
    assert.equal(statSync(project(".dev.vars")).mode & 0o777, 0o600);
    assert.ok(existsSync(project(".gitignore")));

    const port = await freePort();
    const installed = performance.now();
    const [npm, ...rest] = start.split(" ");
    const service = machine.start(npm, [...rest, "--", "--port", `${port}`], { cwd: "my-auth" });
    t.after(() => service.stop());
    await service.until(/edgegate is ready at/);
    const ready = performance.now();
    const commands = `${signIn.replaceAll("8787", `${port}`)}\necho $ACCESS`;
    const answer = await run("bash", ["-c", commands], { capture: true });
    const [isUser, isAdmin, access_token] = answer.stdout.trim().split("\n");
    assert.deepEqual([isUser, isAdmin], ["true", "false"], answer.stdout + answer.stderr);
    const seconds = (from, to) => ((to - from) / 1000).toFixed(1);
    t.diagnostic(
      `created and installed in ${seconds(begun, installed)} s, ready ${seconds(installed, ready)} s later, token ${seconds(ready, performance.now())} s later`,
    );
    assert.ok(ready - installed < READY_SECONDS * 1000, `ready after ${ready - installed} ms`);

    const hello = (headers = {}) => fetch(`http://127.0.0.1:${port}/hello`, { headers });
    assert.equal((await hello()).status, 401);
    const guarded = await hello({ authorization: `Bearer ${access_token}` });
    assert.deepEqual([guarded.status, await guarded.json()], [200, { hello: "user" }]);
    const robots = await fetch(`http://127.0.0.1:${port}/robots.txt`);
    assert.match(await robots.text(), /Disallow: \//, "public/ lies over the pages");
    await service.stop();
    await assert.rejects(accepts(port), "the port is free again");

    const tested = await machine.run("npm", ["test"], { cwd: "my-auth" });
    assert.equal(tested.code, 0, tested.text);

    await t.test("a second run adds what is missing and overwrites nothing", async () => {
      const before = {
        secrets: read(project(".dev.vars")),
        config: read(project("wrangler.jsonc")),
      };
      writeFileSync(project("src/index.js"), "// mine\n");
      rmSync(project("test"), { recursive: true });
      // Everything is already installed, so the program must work without the registry.
      const env = { npm_config_offline: "true" };
      const again = await machine.run(program, args, { env });
      assert.equal(again.code, 0, again.text);
      assert.match(again.text, /wrote 1 files?\b/);
      assert.equal(read(project("src/index.js")), "// mine\n");
      assert.ok(existsSync(project("test/index.test.js")));
      assert.deepEqual(
        { secrets: read(project(".dev.vars")), config: read(project("wrangler.jsonc")) },
        before,
      );
    });

    await t.test("another project is made without the registry, from npm's cache", async () => {
      const other = [...args.map((word) => (word === "my-auth" ? "Second Auth" : word))];
      const env = { npm_config_offline: "true" };
      const offline = await machine.run(program, [...other, "--store", "kv"], { env });
      assert.equal(offline.code, 0, offline.text);
      const config = unstable_readConfig(
        { config: machine.inRoot("Second Auth/wrangler.jsonc") },
        { hideWarnings: true },
      );
      assert.equal(config.name, "second-auth");
      assert.equal(config.vars.SESSION_STORE, "kv");
    });

    await t.test("the module of edgegate-worker's README, with --store kv", async () => {
      const [text] = blocks(read(inRoot("npm/edgegate-worker/README.md")), "js");
      writeFileSync(machine.inRoot("Second Auth/src/index.js"), text);
      const port = await freePort();
      const args = ["start", "--", "--port", `${port}`, "--json"];
      const service = machine.start("npm", args, { cwd: "Second Auth" });
      t.after(() => service.stop());
      await service.until(/^\{"url":"http/m);
      const answer = await fetch(`http://127.0.0.1:${port}/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"email":"ada@example.com","password":"correct horse battery staple"}',
      });
      assert.equal(answer.status, 200);
      const { stdout } = await service.stop();
      const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith(">"));
      assert.deepEqual(lines, [`{"url":"http://127.0.0.1:${port}"}`], "only JSON is on stdout");
    });
  });

  test("a folder with files of others is refused, and nothing is written", async (t) => {
    const machine = await makeMachine(t);
    const createEdgegate = await unpacked(machine);
    mkdirSync(machine.inRoot("theirs"));
    writeFileSync(machine.inRoot("theirs/package.json"), '{"name":"theirs"}');
    for (const [args, reason] of /** @type {[string[], RegExp][]} */ ([
      [["theirs"], /is not empty \(it has package\.json\).*Nothing was written/],
      [["create/index.js"], /is a file/],
      [["a", "b"], /one folder is enough.*: b\./],
      [["a", "--store", "redis"], /--store is "redis": use "durable" or "kv"/],
      [["a", "--package", "none.tgz"], /there is no such file/],
      [["a", "--kv"], /Unknown option '--kv'/],
    ])) {
      const { code, text } = await createEdgegate(args);
      assert.equal(code, 1, text);
      assert.match(text, reason);
    }
    assert.deepEqual(readdirSync(machine.inRoot("theirs")), ["package.json"]);
    assert.ok(!existsSync(machine.inRoot("a")));
  });

  test("what this machine does not allow is told without a stack, and a repeat goes on", async (t) => {
    const machine = await makeMachine(t);
    const createEdgegate = await unpacked(machine);
    symlinkSync("nowhere", machine.inRoot("dangling"));
    const dangling = await createEdgegate(["dangling", "--no-install"]);
    assert.equal(dangling.code, 1);
    assert.match(dangling.text, /^create-edgegate: .*dangling/m);
    assert.ok(!dangling.text.includes("    at "), dangling.text);
    const env = { npm_execpath: "", PATH: machine.inRoot("nothing") };
    const withoutNpm = await createEdgegate(["project"], { env });
    assert.equal(withoutNpm.code, 1, withoutNpm.text);
    assert.match(withoutNpm.text, /npm can't be run: .*Solve this and run it again/);
    assert.ok(!withoutNpm.text.includes("    at "), withoutNpm.text);
    const again = await createEdgegate(["project", "--no-install"]);
    assert.match(again.text, /all files are there/);
  });

  test("an older Node is refused", () => {
    for (const version of ["20.20.2", "22.11.0"])
      assert.match(String(nodeProblem(version)), /Node 2\d\.\d+\.\d, and wrangler needs 22\.12/);
    for (const version of ["22.12.0", "24.0.0"]) assert.equal(nodeProblem(version), null);
  });

  test("the Worker and its stores are named after the folder", async (t) => {
    const machine = await makeMachine(t);
    const createEdgegate = await unpacked(machine);
    const names = {
      "Login for ÄPFEL & Co.": "login-for-pfel-co",
      [`${"long ".repeat(12)}name`]: "long-long-long-long-long-long-long-long",
      ÄÖÜ: "my-auth",
      wrangler: "my-wrangler",
    };
    const ids = new Set();
    for (const [folder, name] of Object.entries(names)) {
      const { code, text } = await createEdgegate([folder, "--no-install"]);
      assert.equal(code, 0, text);
      const path = machine.inRoot(folder, "wrangler.jsonc");
      for (const env of [undefined, "staging"]) {
        const config = unstable_readConfig({ config: path, env }, { hideWarnings: true });
        assert.equal(config.name, env ? `${name}-${env}` : name);
        const { dead_letter_queue } = config.queues.consumers[0];
        assert.equal(dead_letter_queue, `${config.name}-mail-dead`);
        assert.ok(`${config.name}-notices-dead`.length <= 63);
        for (const { namespace_id } of config.ratelimits) ids.add(namespace_id);
      }
      assert.equal(JSON.parse(read(machine.inRoot(folder, "package.json"))).name, name);
      // The first run was interrupted. A repeated run keeps the name that the first run chose, even
      // if the folder has another name now.
      rmSync(path);
      cpSync(machine.inRoot(folder), machine.inRoot(`${folder} moved`), { recursive: true });
      await createEdgegate([`${folder} moved`, "--no-install", "--store", "kv"]);
      const moved = machine.inRoot(`${folder} moved`, "wrangler.jsonc");
      for (const env of [undefined, "staging"]) {
        const config = unstable_readConfig({ config: moved, env }, { hideWarnings: true });
        assert.equal(config.name, env ? `${name}-${env}` : name);
        assert.deepEqual(config.kv_namespaces, [{ binding: "SESSIONS" }]);
        assert.equal(config.vars.SESSION_STORE, "kv");
      }
    }
    assert.equal(ids.size, 6 * Object.keys(names).length, "each project has limits of its own");
  });
});

/**
 * Makes a project with the packed edgegate-worker and the tools of this repository. `at` returns a
 * path in the project, and `edgegate` runs the command.
 */
async function makeProject(t) {
  const machine = await makeMachine(t);
  const at = (...parts) => machine.inRoot("project", ...parts);
  mkdirSync(at("node_modules/edgegate-worker"), { recursive: true });
  const { code } = await run("tar", [
    ...["-xzf", TARBALLS.worker, "-C", at("node_modules/edgegate-worker")],
    "--strip-components=1",
  ]);
  assert.equal(code, 0);
  for (const name of ["commander", "jsonc-parser", "@clack"]) {
    // It is possible that the root of this repository has another version of the package. In that
    // case npm has installed the right version next to the package that needs it.
    const own = inRoot("npm/edgegate-worker/node_modules", name);
    symlinkSync(existsSync(own) ? own : inRoot("node_modules", name), at("node_modules", name));
  }
  symlinkSync(inRoot("node_modules/wrangler"), at("node_modules/wrangler"));
  const edgegate = (...args) =>
    machine.run("node", [at("node_modules/edgegate-worker/cli/edgegate.js"), ...args], {
      cwd: "project",
    });
  return { at, edgegate };
}

describe("edgegate", () => {
  test("dev stops at a wrong setting, with its value, its place and a remedy", async (t) => {
    const { at, edgegate } = await makeProject(t);
    const config = read(inRoot("template/wrangler.jsonc"));
    writeFileSync(
      at("wrangler.jsonc"),
      config.replace('"REGISTRATION": "verified"', '"REGISTRATION": "all"'),
    );
    const line = config.split("\n").findIndex((text) => text.includes('"REGISTRATION"')) + 1;
    const place = new RegExp(
      `REGISTRATION is "all", but must be .*\n.*in wrangler\\.jsonc, line ${line}, under vars`,
    );
    for (const [args, reason] of /** @type {[string[], RegExp][]} */ ([
      [[], place],
      [["--var", "SESSION_STORE:redis"], /SESSION_STORE is "redis".*\n.*on the command line/],
      [["--var", "SESSION_STORE=kv"], /SESSION_STORE… is not NAME:value/],
      [["--env", "stagign"], /no environment "stagign".*Did you mean "staging"\?/],
      [["--port", "0"], /"0" is not a port/],
      [["--prot", "1"], /unknown option '--prot'/],
    ])) {
      const { code, text } = await edgegate("dev", ...args);
      assert.equal(code, 1, text);
      assert.match(text, reason);
      assert.doesNotMatch(text, /Starting local server/);
    }
    writeFileSync(at(".dev.vars"), `${read(at(".dev.vars"))}REUSE strict\n`);
    const { text } = await edgegate("dev");
    assert.match(text, /\.dev\.vars, line 5 \(it begins with REUSE\), is not a setting/);
  });

  test("prepare lays public/ over the pages and writes only what differs", async (t) => {
    const { at, edgegate } = await makeProject(t);
    const noConfig = await edgegate("prepare");
    assert.deepEqual([noConfig.code, noConfig.stdout], [1, ""]);
    assert.match(noConfig.stderr, /project has no wrangler\.jsonc: run this in the folder/);

    cpSync(inRoot("template/wrangler.jsonc"), at("wrangler.jsonc"));
    mkdirSync(at("public/words"), { recursive: true });
    writeFileSync(at("public/style.css"), "/* mine */");
    writeFileSync(at("public/words/own.json"), "{}");
    writeFileSync(at("public/_headers"), "/own\n  X-Own: 1\n");
    writeFileSync(at("public/.hidden"), "x");
    writeFileSync(at("linked.css"), "/* linked */");
    symlinkSync(at("linked.css"), at("public/linked.css"));
    const first = await edgegate("prepare", "--json");
    assert.equal(first.code, 0, first.text);
    const { pages, migrations, changed } = JSON.parse(first.stdout);
    assert.equal(migrations, readdirSync(inRoot("migrations")).length);
    assert.equal(changed, pages + migrations);
    const page = (name) => read(at(".edgegate/www", name));
    assert.equal(page("style.css"), "/* mine */");
    assert.equal(page("words/own.json"), "{}");
    assert.equal(page("linked.css"), "/* linked */");
    assert.equal(page("sign-in.html"), read(inRoot("www/sign-in.html")));
    const headers = page("_headers");
    assert.ok(headers.startsWith(read(inRoot("www/_headers"))), "the pages keep their policies");
    assert.ok(headers.endsWith("/own\n  X-Own: 1\n"));
    assert.ok(!existsSync(at(".edgegate/www/.hidden")));

    assert.equal(JSON.parse((await edgegate("prepare", "--json")).stdout).changed, 0);
    rmSync(at("public"), { recursive: true });
    const last = JSON.parse((await edgegate("prepare", "--json")).stdout);
    assert.equal(last.changed, 4, "two are restored, two are deleted");
    assert.equal(page("style.css"), read(inRoot("www/style.css")));
    assert.ok(!existsSync(at(".edgegate/www/words/own.json")));
  });

  test("what it does not know is refused, and errors are JSON with --json", async (t) => {
    const machine = await makeMachine(t);
    const edgegate = (...args) =>
      machine.run("node", [inRoot("npm/edgegate-worker/cli/edgegate.js"), ...args]);
    for (const [args, reason] of /** @type {[string[], RegExp][]} */ ([
      [["prepar"], /unknown command 'prepar'\n\(Did you mean prepare\?\)/],
      [["prepare", "--jsn"], /unknown option '--jsn'/],
      [["prepare", "x"], /too many arguments/],
      [["prepare"], /edgegate's own repository/],
    ])) {
      const { code, stdout, stderr } = await edgegate(...args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, reason);
      const forProgram = await edgegate(...args, "--json");
      assert.deepEqual([forProgram.code, forProgram.stdout], [1, ""]);
      assert.match(JSON.parse(forProgram.stderr).error, reason);
    }
    const help = await edgegate("--help");
    assert.equal(help.code, 0);
    for (const name of ["dev", "prepare"]) {
      assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
      const { code, stdout } = await edgegate(name, "--help");
      assert.equal(code, 0);
      assert.match(stdout, /--json/);
    }
  });
});

const accepts = (port) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => resolve(socket.destroy())).on("error", reject);
  });
