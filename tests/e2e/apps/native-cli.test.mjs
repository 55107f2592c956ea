// Tests examples/native-cli, a command-line program that signs its user in through the browser. At
// the end of the sign-in the service redirects the browser to an address of this machine, where the
// program listens.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { startBrowser } from "../../browser/browser.mjs";
import { startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { SPA, signInAtTheService, startExample } from "./apps.mjs";

test("it signs in, renews and signs out", { timeout: 240_000 }, async (t) => {
  const [edgegate, browser] = await Promise.all([
    startEdgegate({ vars: { LIMITS: "off" } }),
    startBrowser(),
  ]);
  t.after(() => Promise.all([edgegate.stop(), browser.close()]));
  // The test opens the address that the program prints, as a user would.
  const env = { ISSUER: edgegate.origin, CLIENT_ID: SPA, BROWSER: "true" };
  const program = await startExample(t, "native-cli", "cli.js", env);
  const address = await program.line(/http:\S+\/auth\/authorize\S+/);
  const page = await browser.newPage();
  await page.goto(address);
  await signInAtTheService(page, ADA, PASSWORD);
  await page.getByText("You can close this page").waitFor();
  const [code] = program.child.exitCode === null ? await once(program.child, "exit") : [0];
  assert.equal(code, 0, program.text());
  assert.match(program.text(), /Signed in as ada@example\.com\nRenewed: .* s\nSigned out\n$/);
});
