// Runs example programs from docs/: in Chromium, in Node, and in workerd (the Worker that calls
// edgegate). The programs must do what the documents say. The tests replace the service's address
// and an import, and define names such as `email`. follow.test.mjs runs the code blocks of the
// documents. The tests here also check the results of some of these blocks.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
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

test("to install an example writes no file that git would see", () => {
  const examples = readdirSync(inRoot("examples")).map((name) => `examples/${name}`);
  const installed = examples.filter((path) => existsSync(inRoot(path, "package.json")));
  assert.ok(installed.length >= 9);
  for (const path of installed) assert.match(page(`${path}/.npmrc`), /^package-lock=false$/m, path);
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
    // Wait until the page's own script has asked the service which user is signed in.
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
    assert.deepEqual(await names(), [
      `edgegate-${port}`,
      `edgegate-${port}-device`,
      `edgegate-sso-${port}`,
    ]);
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
