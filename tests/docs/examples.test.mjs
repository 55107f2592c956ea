// The examples of README.md and docs/ do what they say, as they stand there: commands in bash beside
// `npm start`, scripts in Chromium and Node, and the Worker that calls edgegate in workerd.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { startEdgegate } from "../browser/edgegate.mjs";
import { ADA, PASSWORD, ROOT } from "../e2e/client.mjs";
import { mailTo } from "../e2e/outbox.mjs";
import { startWorkers } from "../e2e/workers.mjs";
import { makeProject } from "../package/package.mjs";
import { blocks } from "./markdown.mjs";

const MINUTES = 60_000;
const ORIGIN = "https://auth.example.com";
const page = (path) => readFileSync(inRoot(path), "utf8");
/** The commands of a page, in chunks that bash can run one by one; starts of the service left out. */
const chunksOf = (path) => commands(path).filter((chunk) => !chunk.startsWith("npm start"));
/** The chapter about a thief begins with it. */
const THIEF = "LOGIN=$(login root@example.com)";
const isFunction = (chunk) => /^\w+\(\) \{/.test(chunk);

test("the commands print what stands beside them", { timeout: 10 * MINUTES }, async (t) => {
  const edge = await startEdgegate();
  t.after(() => edge.stop());
  const all = chunksOf("docs/get-started.md");
  // The last chapter is for the Worker that the next test starts.
  const thief = all.indexOf(THIEF);
  assert.ok(thief > 0);
  await compare(t, edge, chunksOf("README.md"), 2);
  await compare(t, edge, chunksOf("docs/sign-in-pages.md"), 1);
  await compare(t, edge, chunksOf("docs/from-a-page.md"), 3);
  await compare(t, edge, all.slice(0, thief), 24);
});

test("a thief is caught with the settings of the page", { timeout: 10 * MINUTES }, async (t) => {
  const start = commands("docs/get-started.md").find((chunk) => chunk.startsWith("npm start -- "));
  const vars = Object.fromEntries(
    [...start.matchAll(/--var (\w+):(\w+)/g)].map(([, name, value]) => [name, value]),
  );
  assert.deepEqual(Object.keys(vars), ["ROTATE_AFTER", "REFRESH_GRACE", "REUSE"]);
  const edge = await startEdgegate({ vars });
  t.after(() => edge.stop());
  const all = chunksOf("docs/get-started.md");
  const address = all.filter((chunk) => chunk.startsWith("AUTH="));
  await compare(
    t,
    edge,
    [...address, ...all.filter(isFunction), ...all.slice(all.indexOf(THIEF))],
    2,
  );
});

test("another Worker calls the seven methods", { timeout: 5 * MINUTES }, async (t) => {
  const text = page("docs/from-another-worker.md");
  const [contents] = blocks(text, "js");
  const [list] = page("src/edge/rpc.mjs").split("const METHODS = [")[1].split("]");
  const methods = [...list.matchAll(/"(\w+)"/g)];
  assert.equal(methods.length, 7);
  for (const [, method] of methods) assert.ok(contents.includes(`env.AUTH.${method}(`), method);
  const [toml] = blocks(text, "toml");
  assert.match(toml, /binding = "AUTH"\nservice = "edgegate"\nentrypoint = "Auth"/);

  const { workers, logged, stop } = await startWorkers([
    { caller: { modules: [{ type: "ESModule", path: "index.js", contents }] } },
  ]);
  t.after(stop);
  const [edge] = workers;
  const answer = await edge.askCaller({
    method: "POST",
    body: JSON.stringify({ email: ADA, password: PASSWORD }),
  });
  assert.deepEqual(await answer.json(), {
    is_admin: false,
    is_user: true,
    is_owner_of_address: true,
  });
  await logged(({ event }) => event === "sessions_revoked");
  assert.match((await mailTo(edge, ADA)).text, /reset-password#egl_/);
});

test("a page signs in by AuthClient and by cookie mode", { timeout: 10 * MINUTES }, async (t) => {
  const [client, , plain] = blocks(page("docs/from-a-page.md"), "js");
  const [browser, edge] = await Promise.all([startBrowser(), startEdgegate()]);
  t.after(() => Promise.all([browser.close(), edge.stop()]));
  const given = `const [email, password] = ${JSON.stringify([ADA, PASSWORD])};`;

  await t.test("AuthClient", async (t) => {
    const view = await openPage(t, browser, edge.origin);
    await view.goto("/sign-in");
    const script = client
      .replace(
        'import { AuthClient } from "edgegate/client";',
        'const { AuthClient } = await import("/edgegate/client/index.js");',
      )
      .replace(ORIGIN, edge.origin);
    const seen = await view.evaluate(
      `(async () => { ${given}\n${script}\nreturn [user.email, response.status]; })()`,
    );
    assert.deepEqual(seen, [ADA, 200]);
  });

  await t.test("fetch", async (t) => {
    const view = await openPage(t, browser, edge.origin);
    // The page itself asks whether somebody is signed in.
    await view.goto("/sign-in", { waitUntil: "networkidle" });
    const answers = [];
    view.on("response", (answer) => {
      const { pathname } = new URL(answer.url());
      if (pathname.startsWith("/auth/")) answers.push([pathname, answer.status()]);
    });
    const before = plain.split('await post("/auth/revoke"');
    assert.equal(before.length, 2);
    await view.evaluate(`(async () => { ${given}\n${before[0]} })()`);
    const names = async () => (await view.context().cookies()).map(({ name }) => name).sort();
    const { port } = new URL(edge.origin);
    assert.deepEqual(await names(), [`edgegate-${port}`, `edgegate-${port}-device`]);
    await view.evaluate(`(async () => { ${given}\n${plain.split("await post(")[0]}
      await post("/auth/revoke"${before[1]} })()`);
    assert.deepEqual(await names(), [`edgegate-${port}-device`]);
    assert.deepEqual(answers, [
      ["/auth/login", 200],
      ["/auth/token", 200],
      ["/auth/revoke", 200],
    ]);
  });

  await t.test("Verifier", async (t) => {
    const [, local] = blocks(page("docs/from-a-page.md"), "js");
    const project = await makeProject(t);
    const login = await edge.post("/auth/login", { email: ROOT, password: PASSWORD });
    const { access_token } = await login.json();
    project.write(
      "check.mjs",
      `const token = ${JSON.stringify(access_token)};
       const showAdministration = () => console.log("shown");
       ${local.replaceAll(ORIGIN, edge.origin)}
       console.log(sub.length, roles.sort().join());`,
    );
    assert.equal(await project.node("check.mjs"), "shown\n36 admin,user\n");
  });
});

/** Runs chunks in one bash; each line with a comment behind it must print what the comment says. */
async function compare(t, edge, chunks, expectations) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-docs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = chunks
    .map((chunk) => chunk.replace(/^AUTH=.*$/m, `AUTH=${edge.origin}/auth`))
    .map((chunk, n) => `printf '\\n@@${n}@@\\n'\n${chunk}`)
    .join("\n");
  const { stdout, stderr } = await run("bash", ["-c", script], { cwd: folder, capture: true });
  const printed = stdout.split(/\n@@\d+@@\n/).slice(1);
  let compared = 0;
  for (const [n, chunk] of chunks.entries()) {
    const [, expected] = chunk.match(/ {2,}# (.+)$/) ?? [];
    if (expected === undefined) continue;
    const pattern = expected.split("…").map(escaped).join("[\\s\\S]*");
    const seen = printed[n]?.trim() ?? "";
    assert.match(seen, new RegExp(`^${pattern}$`), `${chunk}\n${stderr}`);
    compared++;
  }
  assert.equal(compared, expectations, "how many lines say what they print");
}

/** The commands of a page: lines that belong together are one. */
function commands(path) {
  const chunks = [];
  for (const block of blocks(page(path), "sh")) {
    let chunk = "";
    for (const line of block.trimEnd().split("\n")) {
      chunk += chunk === "" ? line : `\n${line}`;
      const isWhole = !line.endsWith("\\") && spawnSync("bash", ["-nc", chunk]).status === 0;
      if (!isWhole) continue;
      chunks.push(chunk);
      chunk = "";
    }
    assert.equal(chunk, "", `${path}: a command does not end`);
  }
  return chunks;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
