// Code generators make API clients from openapi.yaml. These clients must compile, and must work
// with the running service.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { packages, python } from "../../scripts/setup/clients.mjs";
import { go, java } from "../../scripts/setup/go-and-java.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import { startEdgegate } from "../browser/edgegate.mjs";
import { isWide } from "../wide.mjs";
import { ACCOUNTS, EXPECTED } from "./scenario.mjs";

const HERE = "tests/clients";
const CONTRACT = inRoot("openapi.yaml");

let edge, env;
before(async () => {
  await setUp([packages, python]);
  edge = await startEdgegate({ vars: { LIMITS: "off" } });
  env = {
    ...ACCOUNTS,
    ORIGIN: edge.origin,
    PATH: `${python.bin("")}${delimiter}${process.env.PATH}`,
    // Go must not download anything. The client needs no modules, so Go needs no download of
    // modules. Go must not download a newer version of itself either.
    GOTOOLCHAIN: "local",
    GOFLAGS: "-mod=mod",
    GOPROXY: "off",
  };
});
after(() => edge?.stop());

/**
 * Creates a folder for the generated code, and copies `client`, the program that uses this code,
 * into it. The folder is deleted when the test ends.
 */
function workshop(t, client, as = client) {
  const folder = inRoot(HERE, "generated", client);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(inRoot(HERE, client), `${folder}/${as}`);
  return folder;
}

async function mustRun(command, args, cwd) {
  const { code, stdout, stderr } = await run(command, args, { cwd, env, capture: true });
  assert.equal(code, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

const bin = (name) => inRoot(HERE, "node_modules", name);
const compile = (cwd, files) =>
  mustRun(
    node(),
    [
      bin("typescript/bin/tsc"),
      ...["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"],
      ...["--module", "nodenext", "--allowImportingTsExtensions", "--skipLibCheck"],
      ...["--types", "node", "--typeRoots", inRoot("node_modules/@types")],
      ...files,
    ],
    cwd,
  );

async function works(command, args, cwd) {
  const printed = await mustRun(command, args, cwd);
  assert.deepEqual(JSON.parse(printed.trim().split("\n").at(-1) ?? ""), EXPECTED);
  // Reset Ada's name. So the next client finds the same name as this client did.
  const { access_token } = await (
    await edge.post("/auth/login", { email: ACCOUNTS.ROOT, password: ACCOUNTS.PASSWORD })
  ).json();
  const headers = { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" };
  const found = await fetch(`${edge.origin}/auth/users?email=${ACCOUNTS.ADA}`, { headers });
  const { id } = (await found.json()).users[0];
  const body = JSON.stringify({ first_name: "Ada" });
  await fetch(`${edge.origin}/auth/users/${id}`, { method: "PATCH", headers, body });
}

test("openapi-typescript and openapi-fetch", async (t) => {
  const folder = workshop(t, "openapi-typescript.ts");
  await mustRun(
    node(),
    [bin("openapi-typescript/bin/cli.js"), CONTRACT, "--output", "schema.ts"],
    folder,
  );
  await compile(folder, ["openapi-typescript.ts"]);
  await works(node(), ["openapi-typescript.ts"], folder);
});

test("orval", async (t) => {
  const folder = workshop(t, "orval.ts");
  const output = { target: "./edgegate.ts", client: "fetch", baseUrl: edge.origin };
  writeFileSync(
    `${folder}/orval.config.mjs`,
    `export default ${JSON.stringify({ edgegate: { input: CONTRACT, output } })};`,
  );
  await mustRun(node(), [bin("orval/dist/bin/orval.mjs")], folder);
  await compile(folder, ["orval.ts"]);
  await works(node(), ["orval.ts"], folder);
});

test("openapi-python-client", async (t) => {
  const folder = workshop(t, "openapi_python_client.py");
  const config = inRoot(HERE, "openapi_python_client.yaml");
  const args = ["generate", "--path", CONTRACT, "--meta", "none", "--config", config];
  const printed = await mustRun(
    python.bin("openapi-python-client"),
    [...args, "--output-path", "generated_client", "--fail-on-warning"],
    folder,
  );
  assert.doesNotMatch(printed, /warning/i);
  await works(python.bin("python"), ["openapi_python_client.py"], folder);
});

// This test runs only in `npm run test:wide`, because it needs a JRE and Go and takes half a
// minute.
if (isWide)
  test("openapi-generator, for Go", async (t) => {
    const [goPath] = [await go(), await java()];
    const folder = workshop(t, "openapi_generator.go", "main.go");
    await mustRun(
      python.bin("openapi-generator-cli"),
      [
        ...["generate", "--generator-name", "go", "--input-spec", CONTRACT, "--output", "edgegate"],
        ...["--package-name", "edgegate", "--additional-properties", "withGoMod=false"],
      ],
      folder,
    );
    writeFileSync(`${folder}/go.mod`, "module example.com/clients\n\ngo 1.19\n");
    rmSync(`${folder}/edgegate/test`, { recursive: true, force: true });
    await mustRun(goPath, ["vet", "./..."], folder);
    await works(goPath, ["run", "."], folder);
  });
