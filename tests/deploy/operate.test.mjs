// Tests `edgegate doctor --remote`, `edgegate pseudonym --remote` and `edgegate keys`. The service
// is deployed to the replacement for Cloudflare (cloudflare.mjs).
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { before, test } from "node:test";
import { pseudonyms } from "../../npm/edgegate-worker/cli/lib/pseudonyms.js";
import { ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";
import { buildPackages } from "../package/package.mjs";
import { startCloudflare } from "./cloudflare.mjs";
import { makeProject } from "./project.mjs";

const ADDRESS = "https://my-auth.acme.workers.dev";
const RECORD = ".edgegate/deploy.production.json";
const DAY = 86_400;
// The address of a DNS resolver that does not exist, so the command can't look up the mail domain.
const OFFLINE = ["--resolver", "http://127.0.0.1:9/"];

before(buildPackages, { timeout: 600_000 });

test("a deployed service is examined, and its keys are rotated", {
  timeout: 900_000,
}, async (t) => {
  const cloudflare = await startCloudflare(t);
  const project = makeProject(t);
  const run = (...args) => project.run(args, cloudflare.env, {});
  const must = async (...args) => {
    const result = await run(...args);
    assert.equal(result.code, 0, result.text);
    return result;
  };
  const examine = async () => {
    const { code, stdout } = await run("doctor", "--remote", "--json", ...OFFLINE);
    const { ok, checks } = JSON.parse(stdout);
    assert.equal(code, ok ? 0 : 1);
    return checks;
  };
  const published = async () => {
    const answer = await cloudflare.ask(`${ADDRESS}/.well-known/jwks.json`);
    return (await answer.json()).keys.map(({ kid }) => kid);
  };
  const kids = () => JSON.parse(project.secrets().SIGNING_KEYS).keys.map(({ kid }) => kid);
  /**
   * Changes the record of the rotation. Afterwards the record says that each step was done
   * `seconds` earlier than it really was.
   */
  const wait = (seconds) => {
    const record = JSON.parse(project.read(RECORD));
    for (const done of Object.values(record.rotation)) done.at -= seconds;
    project.write(RECORD, JSON.stringify(record));
  };

  await t.test("doctor says that there is nothing", async () => {
    const [check, ...more] = await examine();
    assert.deepEqual([check.name, check.status, more], ["Worker", "problem", []]);
  });
  await must("deploy", "--yes", "--wait", "0");

  await t.test("doctor finds a service without mail, and nothing else", async () => {
    const checks = await examine();
    const bad = checks.filter(({ status }) => !["ok", "skipped"].includes(status));
    assert.deepEqual([...new Set(bad.map(({ name }) => name))].toSorted(), ["mail", "settings"]);
    assert.ok(
      bad.every(({ status, detail }) => status === "warning" && /MAIL|mail|provider/.test(detail)),
    );
    const names = checks.map(({ name }) => name);
    for (const name of ["secrets", "bindings", "migrations", "health", "JWKS"])
      assert.ok(names.includes(name), name);
  });

  await t.test("the service names the pseudonym in its log", async () => {
    const { stdout } = await must("pseudonym", "Ada@example.com", "--remote", "--json");
    const [own, ...more] = pseudonyms("ada@example.com", project.secrets().TICKET_SECRET, ADDRESS);
    assert.deepEqual([JSON.parse(stdout), more], [{ pseudonyms: [own] }, []]);
  });

  await t.test("the steps of a rotation, each when it is due", async () => {
    const [old] = kids();
    const early = await run("keys", "promote", "--yes");
    assert.equal(early.code, 1);
    assert.match(early.text, /one value: there is nothing to promote/);

    await must("keys", "add", "--yes");
    const [first, fresh, ...more] = kids();
    assert.deepEqual([first, more], [old, []]);
    assert.deepEqual(await published(), [old, fresh]);
    const hasty = await run("keys", "promote", "--yes");
    assert.equal(hasty.code, 1);
    assert.match(hasty.text, /promote is not due/);
    assert.deepEqual(await published(), [old, fresh]);

    wait(DAY);
    const { stdout } = await must("keys", "list", "--json");
    assert.deepEqual(JSON.parse(stdout).next, "promote");
    assert.ok(!stdout.includes(JSON.parse(project.secrets().SIGNING_KEYS).keys[0].d));

    // The key is stored, but the answer is lost. So the command does not know whether the key is
    // stored.
    cloudflare.setTrouble(({ kind }) => (kind.endsWith("/secrets-bulk") ? "lose" : undefined));
    const lost = await run("keys", "promote", "--yes");
    cloudflare.setTrouble(() => undefined);
    assert.equal(lost.code, 1, lost.text);
    const other = await run("keys", "drop", "--yes", "--now");
    assert.match(other.text, /the step `promote` of SIGNING_KEYS was cut short/);
    await must("keys", "promote", "--yes");
    assert.deepEqual(kids(), [fresh, old]);

    wait(DAY + 3600);
    await must("keys", "drop", "--yes");
    assert.deepEqual([kids(), await published()], [[fresh], [fresh]]);
  });

  await t.test(
    "a ticket secret of another folder is not stored over that of the service",
    async () => {
      const own = project.secrets();
      const bindings = () => [...(cloudflare.state.secrets.get("TICKET_SECRET") ?? [])];
      const before = bindings();
      project.write(
        ".edgegate/secrets.production.json",
        JSON.stringify({ ...own, TICKET_SECRET: ticketSecret() }),
      );
      const { code, text } = await run("keys", "add", "--ticket", "--yes");
      assert.equal(code, 1, text);
      assert.match(text, /TICKET_SECRET in \.edgegate\/secrets\.production\.json is not the one/);
      assert.deepEqual(bindings(), before);
      project.write(".edgegate/secrets.production.json", JSON.stringify(own));
      await must("keys", "add", "--ticket", "--yes");
      const [first, , ...more] = project.secrets().TICKET_SECRET.split(",");
      assert.deepEqual([first, more], [own.TICKET_SECRET, []]);
      assert.deepEqual(bindings(), [...before, project.secrets().TICKET_SECRET]);
    },
  );

  await t.test(
    "symmetric keys rotate too, but not with the secrets of another folder",
    async () => {
      const own = project.secrets();
      const write = (secrets) =>
        project.write(
          ".edgegate/secrets.production.json",
          JSON.stringify({ ...project.secrets(), ...secrets }),
        );
      const store = (SIGNING_KEYS) => {
        const script = cloudflare.state.scripts.get("my-auth") ?? assert.fail("no Worker");
        script.bindings = script.bindings.map((binding) =>
          binding.name === "SIGNING_KEYS" ? { ...binding, text: SIGNING_KEYS } : binding,
        );
        script.upload = ++cloudflare.state.uploads;
        write({ SIGNING_KEYS });
      };
      store(JSON.stringify({ keys: [{ kty: "oct", kid: "shared", k: ticketSecret() }] }));
      assert.deepEqual(await published(), []);
      write({ TICKET_SECRET: ticketSecret() });
      const { code, text } = await run("keys", "add", "--yes");
      assert.equal(code, 1, text);
      assert.match(text, /TICKET_SECRET in .* is not the one/);
      assert.deepEqual(kids(), ["shared"]);
      write({ TICKET_SECRET: own.TICKET_SECRET });

      await must("keys", "add", "--yes");
      const { keys } = JSON.parse(project.secrets().SIGNING_KEYS);
      assert.deepEqual(
        keys.map(({ kty }) => kty),
        ["oct", "oct"],
      );
      await must("keys", "promote", "--yes", "--now");
      assert.deepEqual(kids(), [keys[1].kid, "shared"]);
      const { status } = await cloudflare.ask(`${ADDRESS}/healthz`);
      assert.equal(status, 200, "the service accepts the keys");
      store(own.SIGNING_KEYS);
    },
  );

  await t.test("keys of another folder are not stored over those of the service", async () => {
    const own = project.secrets();
    project.write(
      ".edgegate/secrets.production.json",
      JSON.stringify({
        ...own,
        SIGNING_KEYS: own.SIGNING_KEYS.replace(/"kid":"[^"]+"/, '"kid":"x"'),
      }),
    );
    const before = await published();
    const { code, text } = await run("keys", "add", "--yes");
    assert.equal(code, 1);
    assert.match(text, /has the keys x, and https:\/\/my-auth\.acme\.workers\.dev has /);
    assert.deepEqual(await published(), before);
    const { detail } = (await examine()).find(({ name }) => name === "JWKS");
    assert.match(detail, /the copy has x/);
    rmSync(project.secretsPath());
    const none = await run("keys", "list");
    assert.match(none.text, /has no copy of SIGNING_KEYS/);
  });
});
