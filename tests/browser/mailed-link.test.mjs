// Tests the pages to which mailed links lead: /reset-password, /verify-email and /confirm-email.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  addresses,
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
  stopTime,
  waitOver,
} from "./browser.mjs";

const TICKET = "AbC-dEf_123.x";
const GOOD = "violet tram hums at noon";

const PAGES = [
  {
    at: "/reset-password",
    path: "/auth/password/confirm",
    button: "Change the password",
    done: "Your password is changed",
    password: true,
  },
  {
    at: "/verify-email",
    path: "/auth/email/verify",
    button: "Confirm the address",
    done: "Your address is confirmed",
    password: true,
  },
  {
    at: "/confirm-email",
    path: "/auth/email/confirm",
    button: "Confirm this address",
    done: "Your address is changed",
    password: false,
  },
];

let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

/**
 * Opens the page with a link, and fakes the service's answers. If the page requires a password,
 * types a good one.
 */
async function open(t, { at, path, button, password }, answer, text = GOOD) {
  const page = await openPage(t, browser, www.url);
  const asked = await fake(page, path, answer);
  await page.goto(`${at}#${TICKET}`);
  const send = page.getByRole("button", { name: button });
  await send.waitFor();
  const input = page.locator("#password");
  if (password) await input.fill(text);
  return { page, asked, send, input };
}

for (const tested of PAGES) {
  const { at, button, done, password } = tested;
  const body = password ? { token: TICKET, password: GOOD } : { token: TICKET };

  describe(at, () => {
    test("opening the link sends nothing and leaves the ticket nowhere", async (t) => {
      const page = await openPage(t, browser, www.url);
      const requests = [];
      page.on("request", (request) =>
        requests.push(`${request.method()} ${new URL(request.url()).pathname}`),
      );
      await page.goto("/forgot-password");
      await page.goto(`${at}#${TICKET}`);
      await page.locator("[data-state=ready]").waitFor();
      await page.waitForLoadState("networkidle");
      assert.deepEqual(
        requests.filter(
          (request) =>
            !/^GET \/((edgegate\/(client\/)?)?[a-z-]+(\.js|\.css|\.svg)?)$/.test(request),
        ),
        [],
      );
      assert.deepEqual(await addresses(page), [`${www.url}/forgot-password`, `${www.url}${at}`]);
      const kept = await page.evaluate(() =>
        JSON.stringify([
          { ...localStorage },
          { ...sessionStorage },
          history.state,
          document.cookie,
          document.documentElement.outerHTML,
        ]),
      );
      assert.ok(!kept.includes(TICKET));
      // No field has the focus at first, because people should read the page first.
      assert.equal(await page.evaluate(() => document.activeElement?.localName), "body");
    });

    test("the button sends the ticket, and the result gets the focus", async (t) => {
      const { page, asked, send, input } = await open(t, tested, { status: 204 });
      assert.equal(asked.length, 0);
      await send.click();
      await page.getByRole("heading", { name: done }).waitFor();
      assert.equal(await focused(page), `h1: ${done}`);
      assert.equal(await page.title(), done);
      assert.deepEqual(
        asked.map(({ method, body }) => ({ method, body })),
        [{ method: "POST", body }],
      );
      if (password) assert.equal(await input.inputValue(), "", "the password is not kept");
      assert.equal(page.url(), `${www.url}${at}`, "it stays where it is");
    });

    test("a link that is not valid any more says so", async (t) => {
      const { page, send } = await open(t, tested, problem(400, "invalid_link"));
      await send.click();
      await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
      assert.equal(await focused(page), "h1: This link is not valid any more");
      assert.equal(await page.getByText("may have worked").isVisible(), false);
    });

    test("after a lost answer, a used link is explained: that attempt may have worked", async (t) => {
      const { page, send } = await open(t, tested, (time) =>
        time === 1 ? "offline" : problem(400, "invalid_link"),
      );
      await send.click();
      await page.getByText("No answer came.").waitFor();
      await send.click();
      await page.getByText("The attempt that got no answer may have worked").waitFor();
    });

    test("without a ticket it says where to get one, and has nothing to send", async (t) => {
      const page = await openPage(t, browser, www.url);
      for (const address of [at, `${at}#`]) {
        await page.goto("/forgot-password");
        await page.goto(address);
        await page.getByRole("heading", { name: "Open this page from the mail" }).waitFor();
        assert.equal(await page.locator("[type=submit]:visible").count(), 0);
      }
    });

    test("a second link pasted into the same tab is used", async (t) => {
      const { page, asked, send } = await open(t, tested, (time) =>
        time === 1 ? problem(400, "invalid_link") : { status: 204 },
      );
      await send.click();
      await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
      await page.goto(`${at}#second`);
      await page.locator("[data-state=ready] [data-view=ask]:not([hidden])").waitFor();
      assert.ok((await addresses(page)).every((address) => !address.includes("#")));
      if (password) await page.locator("#password").fill(GOOD);
      await send.click();
      await page.getByRole("heading", { name: done }).waitFor();
      assert.deepEqual(
        asked.map(({ body }) => body.token),
        [TICKET, "second"],
      );
    });

    test("any other answer is reported, and the form stays", async (t) => {
      const answers = [
        [problem(429, "rate_limited", {}, { "Retry-After": "1" }), "Wait 1 second, then", 1],
        [problem(503, "unavailable", {}, { "Retry-After": "5" }), "Wait 5 seconds, then", 5],
        [problem(413, "payload_too_large"), "could not do this (payload_too_large, request 5f0c)"],
        ["offline", "No answer came."],
      ];
      const { page, asked, send, input } = await open(
        t,
        tested,
        (time) => answers[time - 1]?.[0] ?? { status: 204 },
      );
      await stopTime(page);
      for (const [, says, seconds] of answers) {
        await send.click();
        await page.getByRole("alert").getByText(says).waitFor();
        if (seconds) await waitOver(page, seconds);
        assert.equal(await focused(page), `button: ${button}`);
        if (password) assert.equal(await input.inputValue(), GOOD);
      }
      await send.click();
      await page.getByRole("heading", { name: done }).waitFor();
      assert.deepEqual(
        asked.map((request) => request.body),
        Array(answers.length + 1).fill(body),
      );
    });

    test("two clicks send once", async (t) => {
      let answer;
      const held = new Promise((resolve) => (answer = resolve));
      const { page, asked, send } = await open(t, tested, () => held);
      await send.dblclick();
      assert.equal(await page.locator("[type=submit]").getAttribute("aria-disabled"), "true");
      await page.locator("[type=submit]").click({ force: true });
      answer({ status: 204 });
      await page.getByRole("heading", { name: done }).waitFor();
      assert.equal(asked.length, 1);
    });
  });
}

test("a dead reset link offers another", async (t) => {
  const { page, send } = await open(t, PAGES[0], problem(400, "invalid_link"));
  await send.click();
  await page.getByRole("link", { name: "Ask for a new link" }).click();
  await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
});
