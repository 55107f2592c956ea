// Tests the page /outbox. It shows the mails that a service on a developer's machine would have
// sent. The page gets the mails from /dev/outbox.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fake, openPage, problem, servePages, startBrowser, stopTime } from "./browser.mjs";

const mail = (n, more = {}) => ({
  to: "ada@example.com",
  subject: `Mail ${n}`,
  text: `Text ${n}`,
  html: `<p>HTML ${n}</p>`,
  sent_at: 1_790_000_000 + n,
  ...more,
});

let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

async function open(t, answer, prepare) {
  const page = await openPage(t, browser, www.url);
  await prepare?.(page);
  const asked = await fake(page, "/dev/outbox", answer);
  await page.goto("/outbox");
  return { page, asked, entries: page.locator(".mail"), state: page.locator("#state") };
}

test("shows the newest open, as its HTML looks, and asks for JSON", async (t) => {
  const styled = mail(2, {
    html: '<html><head><style>p { color: rgb(1, 2, 3) }</style></head><body><p style="font-size: 31px">HTML 2</p></body></html>',
  });
  const { page, asked, entries, state } = await open(t, { json: [styled, mail(1)] });
  await state.getByText("2 mails, newest first.").waitFor();
  assert.equal(asked[0].headers.accept, "application/json");
  assert.deepEqual(await entries.evaluateAll((all) => all.map(({ open }) => open)), [true, false]);
  const text = page.frameLocator("iframe[title='Mail: Mail 2']").getByText("HTML 2");
  await text.waitFor();
  assert.deepEqual(
    await text.evaluate((p) => [getComputedStyle(p).color, getComputedStyle(p).fontSize]),
    ["rgb(1, 2, 3)", "31px"],
  );

  await entries.nth(1).locator("summary").first().press("Enter");
  await page.frameLocator("iframe[title='Mail: Mail 1']").getByText("HTML 1").waitFor();
  await entries.nth(1).getByText("As plain text").click();
  await page.getByText("Text 1", { exact: true }).waitFor();
});

test("the links of a mail open beside it, out of the sandbox, from the HTML and from the text", async (t) => {
  const link = `${www.url}/reset-password#the-ticket`;
  const { page, entries } = await open(t, {
    json: [
      mail(1, {
        html: `<a href="${link}">Choose it</a>`,
        text: `Follow ${link}.\nNot javascript:alert(1) or <b>this</b>.`,
      }),
    ],
  });
  const inHtml = page.frameLocator("iframe").getByRole("link", { name: "Choose it" });
  await entries.getByText("As plain text").click();
  const inText = page.locator(".plain").getByRole("link");
  assert.deepEqual(
    await inText.evaluateAll((all) => all.map(({ href }) => href)),
    [link],
    "without the full stop",
  );
  assert.ok(await page.getByText("<b>this</b>").isVisible(), "text stays text");
  for (const link of [inHtml, inText]) {
    const [opened] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    await opened.getByRole("button", { name: "Change the password" }).waitFor();
    assert.equal(await opened.evaluate(() => window.opener), null);
    await opened.close();
  }
});

test("no script of a mail runs, no form is sent, nothing is fetched", async (t) => {
  const html = `<script>top.document.title = "hit"</script><img src="data:," onerror="top.document.title = 'hit'">
    <form action="/hit" method="post"><button>Go</button></form><p>Read me</p>`;
  const page = await browser.newPage({ baseURL: www.url });
  t.after(() => page.close());
  // Don't use `openPage`: it would fail the test if the browser reports an error. In this test the
  // browser must report that it has blocked a script and a form. The reports come some time after
  // the click.
  const complaint = (/** @type {RegExp} */ pattern) =>
    page.waitForEvent("console", (message) => pattern.test(message.text()));
  const blocked = [complaint(/Blocked script execution/), complaint(/Blocked form submission/)];
  const hits = await fake(page, "/hit", { status: 204 });
  await fake(page, "/dev/outbox", { json: [mail(1, { html })] });
  await page.goto("/outbox");
  const frame = page.frameLocator("iframe");
  await frame.getByText("Read me").waitFor();
  await frame.getByRole("button", { name: "Go" }).click();
  await Promise.all(blocked);
  assert.equal(await page.title(), "Outbox");
  assert.equal(hits.length, 0);
});

test("a new mail appears by itself, open, and what is read stays as it is", async (t) => {
  let mails = [mail(1)];
  const { page, entries, state } = await open(t, () => ({ json: mails }));
  await page.frameLocator("iframe").getByText("HTML 1").waitFor();
  await page.evaluate(() => {
    /** @type {HTMLElement} */ (document.querySelector("iframe")).dataset.before = "yes";
  });
  mails = [mail(2), mail(1)];
  await state.getByText("2 mails, newest first.").waitFor();
  await page.frameLocator("iframe[title='Mail: Mail 2']").getByText("HTML 2").waitFor();
  assert.deepEqual(await entries.locator("> summary strong").allTextContents(), [
    "Mail 2",
    "Mail 1",
  ]);
  assert.equal(
    await page.locator("iframe[title='Mail: Mail 1']").getAttribute("data-before"),
    "yes",
  );

  mails = [];
  await page.getByRole("button", { name: "Refresh" }).click();
  await state.getByText("No mail yet.").waitFor();
  assert.equal(await entries.count(), 0);
});

test("two equal mails are shown twice", async (t) => {
  const { entries, state } = await open(t, { json: [mail(1), mail(1)] });
  await state.getByText("2 mails").waitFor();
  assert.equal(await entries.count(), 2);
});

test("the page asks again only while it is visible", async (t) => {
  const { page, asked } = await open(t, { json: [] }, async (page) => {
    await stopTime(page);
    await page.addInitScript(() => {
      globalThis.unseen = false;
      Object.defineProperty(Document.prototype, "hidden", { get: () => globalThis.unseen });
    });
  });
  await page.getByText("No mail yet.").waitFor();
  await page.evaluate(() => {
    globalThis.unseen = true;
  });
  assert.equal(asked.length, 1);
  await page.clock.runFor(60_000);
  const next = page.waitForResponse("**/dev/outbox");
  await page.evaluate(() => {
    globalThis.unseen = false;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await next;
  // One request was sent when the page opened, and one when the page became visible again. If the
  // hidden page had asked for mails during the minute in between, there would be more requests.
  assert.equal(asked.length, 2);
});

test("outside of local development, and without an answer, the page says so and can ask again", async (t) => {
  const answers = [problem(404, "not_found"), problem(500, "misconfigured"), "offline"];
  const { page, state } = await open(t, (time) => answers[time - 1] ?? { json: [mail(1)] });
  await state.getByText("it exists only in local development").waitFor();
  const refresh = page.getByRole("button", { name: "Refresh" });
  await refresh.click();
  await state.getByText("the answer was 500").waitFor();
  await refresh.click();
  await state.getByText("No answer came").waitFor();
  await refresh.click();
  await state.getByText("1 mail.").waitFor();
});
