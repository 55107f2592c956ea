// Tests examples/nextjs-authjs: a production build of a Next.js website that signs users in with
// Auth.js and edgegate. Auth.js has no code for edgegate. It gets only the service's address, a
// client_id and a secret, and uses the service as a standard OpenID Connect provider.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inRoot } from "../../../scripts/project/root.mjs";
import { run } from "../../../scripts/project/run.mjs";
import { node, toolEnv } from "../../../scripts/project/tools.mjs";
import { startBrowser } from "../../browser/browser.mjs";
import { freePort, startEdgegate } from "../../browser/edgegate.mjs";
import { install } from "../../consumers/project.mjs";
import { isWide } from "../../wide.mjs";
import { ADA, claimsOf, PASSWORD } from "../client.mjs";
import { register, signInAtTheService } from "./apps.mjs";

const EXAMPLE = "examples/nextjs-authjs";
const GROUP = "next-authjs";
// The build is slow, so the test that needs it runs only with `npm run test:wide`.
const skip = isWide ? false : "npm run test:wide";

describe("a website with Auth.js", { skip, timeout: 900_000 }, () => {
  let edgegate, browser, origin;
  const cleanUp = [];
  before(async () => {
    [edgegate, browser] = await Promise.all([
      startEdgegate({ vars: { LIMITS: "off" } }),
      startBrowser(),
    ]);
    cleanUp.push(
      () => edgegate.stop(),
      () => browser.close(),
    );
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const app = await register(edgegate, {
      ...{ name: "Shop", type: "confidential" },
      redirect_uris: [`${origin}/api/auth/callback/edgegate`],
    });
    const folder = await install(GROUP);
    for (const name of ["app", "lib"]) {
      rmSync(join(folder, name), { recursive: true, force: true });
      cpSync(inRoot(EXAMPLE, name), join(folder, name), { recursive: true });
    }
    const env = {
      ...toolEnv(),
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_TEST_CONTEXT: undefined,
      AUTH_SECRET: "a secret of the test, which is long enough",
      AUTH_TRUST_HOST: "true",
      AUTH_EDGEGATE_ISSUER: edgegate.origin,
      AUTH_EDGEGATE_ID: app.client_id,
      AUTH_EDGEGATE_SECRET: app.client_secret,
    };
    const next = join(folder, "node_modules/next/dist/bin/next");
    const built = await run(node(), [next, "build"], { cwd: folder, env, capture: true });
    assert.equal(built.code, 0, built.stdout + built.stderr);
    const server = spawn(node(), [next, "start", "--hostname", "localhost", "--port", `${port}`], {
      ...{ cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] },
    });
    cleanUp.push(() => server.kill());
    for await (const line of server.stdout) if (/Ready in/.test(`${line}`)) break;
    server.stdout.resume();
  });
  after(async () => {
    for (const work of cleanUp.reverse()) await work();
  });

  test("a person signs in, comes back, and signs out of both", async () => {
    const page = await browser.newPage();
    await page.goto(origin);
    const asked = page.waitForRequest((request) => /\/auth\/authorize\?/.test(request.url()));
    await page.getByRole("button", { name: "Sign in" }).click();
    const { searchParams } = new URL((await asked).url());
    for (const name of ["state", "nonce", "code_challenge"])
      assert.ok(searchParams.get(name), `Auth.js sends ${name}`);
    await page.getByLabel("Email address").waitFor();
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    assert.equal(new URL(page.url()).origin, origin);

    // The user's id in the app is the user's id at the service.
    const login = await edgegate.post("/auth/login", { email: ADA, password: PASSWORD });
    const { sub } = claimsOf((await login.json()).access_token);
    assert.equal(await page.locator("strong").getAttribute("id"), sub);

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("button", { name: "Sign in" }).click();
    // The user is still signed in at the service.
    await page.getByText(`Signed in as ${ADA}`).waitFor();

    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.waitForURL(`${edgegate.origin}/**`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(origin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Email address").waitFor();
  });
});

test("the example and its test have the same versions", () => {
  const read = (path) => JSON.parse(readFileSync(inRoot(path, "package.json"), "utf8"));
  const { dependencies } = read(`tests/consumers/installs/${GROUP}`);
  assert.deepEqual(read(EXAMPLE).dependencies, dependencies);
});
