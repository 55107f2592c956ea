// Tests the field for a new password on /reset-password and /verify-email: what the page says when
// a password is rejected, the strength meter, and the button that shows the password.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import "./english.mjs";
import { LEAST, MOST, strength } from "../../www/password-strength.js";
import { fake, focused, openPage, problem, servePages, startBrowser } from "./browser.mjs";

const GOOD = "violet tram hums at noon";
let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

for (const { at, path, button } of [
  { at: "/reset-password", path: "/auth/password/confirm", button: "Change the password" },
  { at: "/verify-email", path: "/auth/email/verify", button: "Confirm the address" },
]) {
  const open = async (t, /** @type {unknown} */ answer = { status: 204 }) => {
    const page = await openPage(t, browser, www.url);
    const asked = await fake(page, path, answer);
    await page.goto(`${at}#ticket`);
    const send = page.getByRole("button", { name: button });
    await send.waitFor();
    return {
      page,
      asked,
      send,
      input: page.locator("#password"),
      error: page.locator("#password-error"),
    };
  };

  describe(at, () => {
    test("each reason of the server is explained at the field, and the link stays valid", async (t) => {
      const weak = (...reasons) => problem(422, "weak_password", { reasons });
      /** @type {[text: string, answer: object, says: string][]} */
      const tries = [
        ["short", weak("too_short"), "It is too short: use at least 15 characters."],
        ["with fifteen or more", weak("too_short"), "It is too short: use more characters."],
        ["x".repeat(129), weak("too_long"), "It is too long: use at most 128 characters."],
        [
          "1234567890qwerty",
          weak("too_common"),
          "It is one of the most common passwords: choose another.",
        ],
        [
          "I am ada@example.com",
          weak("contains_address"),
          "It contains your email address: remove that.",
        ],
        [
          "password",
          weak("too_short", "too_common"),
          "It is too short: use at least 15 characters.\nIt is one of the most common passwords: choose another.",
        ],
        ["of a later server", weak("too_musical"), "This password can’t be used: choose another."],
        [
          "\u0007 bell and fifteen",
          problem(422, "invalid_field", { errors: [{ field: "password", reason: "invalid" }] }),
          "This password can’t be used: choose another.",
        ],
      ];
      const { page, asked, send, input, error } = await open(
        t,
        (time) => tries[time - 1]?.[1] ?? { status: 204 },
      );
      for (const [text, , says] of tries) {
        await input.fill(text);
        assert.equal(
          await error.textContent(),
          "",
          "what was said is taken back while another is typed",
        );
        await send.click();
        await error.filter({ hasText: /./ }).waitFor();
        assert.equal(await error.textContent(), says);
        assert.equal(await focused(page), "password");
        assert.equal(await input.getAttribute("aria-invalid"), "true");
        assert.match(await input.getAttribute("aria-describedby"), /\bpassword-error\b/);
      }
      await input.fill(GOOD);
      await send.click();
      await page.getByText("You can close this page.").waitFor();
      assert.deepEqual(
        asked.map(({ body }) => body),
        [...tries.map(([text]) => text), GOOD].map((password) => ({ token: "ticket", password })),
      );
    });

    test("an empty field is reported and not sent", async (t) => {
      const { page, asked, send, error } = await open(t);
      await send.click();
      await error.getByText("Type a password.").waitFor();
      assert.equal(await focused(page), "password");
      assert.equal(asked.length, 0);
    });

    test("by keyboard: field, show, button; Enter in the field sends", async (t) => {
      const { page, asked, input } = await open(t);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "password");
      await page.keyboard.type(GOOD);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      assert.equal(await focused(page), "button: Hide");
      assert.equal(await input.getAttribute("type"), "text");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), `button: ${button}`);
      await input.press("Enter");
      await page.getByText("You can close this page.").waitFor();
      assert.equal(asked.length, 1);
      assert.equal(
        await input.getAttribute("type"),
        "password",
        "sent as a password, whatever was shown",
      );
    });

    test("a manager may fill it and a person paste it, as it is", async (t) => {
      const { page, asked, input, send } = await open(t);
      assert.equal(await input.getAttribute("autocomplete"), "new-password");
      for (const limit of ["maxlength", "minlength", "pattern"])
        assert.equal(await input.getAttribute(limit), null);
      await page.getByRole("button", { name: "Show the password" }).click();
      await input.focus();
      await page.keyboard.insertText("  späces & “signs” \u{1f511} stay ");
      await send.click();
      await page.getByText("You can close this page.").waitFor();
      assert.equal(asked[0].body.password, "  späces & “signs” \u{1f511} stay ");
    });

    test("the meter follows what is typed, in words; they are read out after a pause", async (t) => {
      const { page, input } = await open(t);
      const words = page.locator(".strength");
      const level = () => page.locator(".meter").getAttribute("data-level");
      assert.equal(await words.textContent(), "At least 15 characters.");
      await input.fill("nine char");
      assert.equal(await words.textContent(), "Too short: 9 of at least 15 characters.");
      assert.equal(await level(), "1");
      await input.fill(GOOD);
      assert.equal(await words.textContent(), "Strong length: 24 characters.");
      assert.equal(await level(), "4");
      await page
        .locator("#password-field [role=status]")
        .getByText("Strong length: 24 characters.")
        .waitFor();
    });
  });
}

for (const [given, least] of [
  ["8", "8"],
  [" +020\n", "20"],
]) {
  test(`with PASSWORD_MIN_LENGTH ${least}, every page with a new password says this number`, async (t) => {
    const lower = await servePages({ PASSWORD_MIN_LENGTH: given });
    t.after(() => lower.stop());
    for (const at of ["/register", "/account", "/reset-password", "/verify-email"]) {
      const html = await (await fetch(lower.url + at)).text();
      assert.match(html, new RegExp(`class="strength" data-least="${least}"`), at);
    }
    for (const at of ["/reset-password#ticket", "/verify-email#ticket"]) {
      const page = await openPage(t, browser, lower.url);
      await page.goto(at);
      const sentence = page.locator("#password-field .strength");
      await sentence.getByText(`At least ${least} characters.`).waitFor();
      await page.locator("#password").fill("x7!");
      await sentence.getByText(`Too short: 3 of at least ${least} characters.`).waitFor();
    }
  });
}

describe("strength", () => {
  /** @type {[password: string, level: number][]} */
  const levels = [
    ["", 0],
    ["a", 1],
    ["a".repeat(LEAST - 1), 1],
    ["a".repeat(LEAST), 1],
    ["123456789012345", 1],
    ["abcdefghijklmnopqrstuvwxyz", 1],
    ["passwordpassword", 2],
    ["PasswordpassworD", 2],
    ["hunter2hunter2hunter2", 1],
    ["four words of mine", 3],
    [GOOD, 4],
    ["\u{1f600}\u{1f680}".repeat(5), 1],
    ["x7!Kq9#Lm2$Pw5^Rt8&", 3],
    ["x7!Kq9#Lm2$Pw5^Rt8&Z", 4],
    [`${GOOD} `.repeat(6), 1],
  ];
  for (const [password, level] of levels) {
    test(`${JSON.stringify(password.slice(0, 30))} has level ${level}`, () =>
      assert.equal(strength(password).level, level));
  }

  test("characters are counted as the server counts them", () => {
    assert.match(strength("\u{1f511}".repeat(14)).text, /^Too short: 14 of/);
    assert.match(strength("e\u0301".repeat(14)).text, /^Too short: 14 of/);
    assert.match(strength("é".repeat(MOST + 1)).text, /^Too long: 129 of/);
  });

  test("with another PASSWORD_MIN_LENGTH, the meter counts up to that number", () => {
    assert.equal(strength("", 8).text, "At least 8 characters.");
    assert.equal(strength("x7!Kq9#", 8).text, "Too short: 7 of at least 8 characters.");
    const short = strength("x7!Kq9#L", 8);
    assert.equal(short.level, 2);
    assert.match(short.text, /^Long enough with 8 characters\. A longer password/);
    assert.match(strength("abcdefgh", 8).text, /^Easy to guess/);
    assert.match(strength("passwordpassword", 8).text, /but some of them repeat/);
    assert.equal(strength("x7!Kq9#Lm2$Pw5^Rt8&", 20).level, 1);
    assert.equal(strength("x7!Kq9#Lm2$Pw5^Rt8&Z", 20).level, 4);
  });

  test("the meter is quick, also for a long text", () => {
    const begun = performance.now();
    // Almost all characters of this text differ. A loop inside a loop over it would take minutes.
    const signs = Array.from({ length: 500_000 }, (_, i) => String.fromCodePoint(0x10000 + i));
    strength(signs.join(""));
    assert.ok(performance.now() - begun < 10_000);
  });
});
