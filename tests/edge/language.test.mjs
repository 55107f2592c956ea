// Tests how `Accept-Language` chooses the language of a page. The same rules choose the language of
// a mail. Therefore the tests of src/domain/mail/locale.rs use the same file of examples.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { LANGUAGES, languageOf, negotiate } from "../../src/edge/pages/language.mjs";

const VECTORS = JSON.parse(readFileSync(inRoot("tests/vectors/accept-language.json"), "utf8"));

test("Accept-Language (RFC 9110 section 12.5.4) chooses the same language as for mails", () => {
  assert.ok(VECTORS.length > 30);
  for (const { header, over_en, over_de } of VECTORS) {
    assert.equal(negotiate(header, "en"), over_en, header);
    assert.equal(negotiate(header, "de"), over_de, header);
  }
});

test("only the beginning of a long header is read, and a range that is cut off is ignored", () => {
  assert.equal(negotiate(`${"fr,".repeat(9)}de`, "en"), "de");
  assert.equal(negotiate(`${"fr,".repeat(10)}de`, "en"), "en");
  const cut = `${"x".repeat(182)},en;q=0.5,de;q=0.99`;
  assert.equal(cut.length, 201);
  assert.equal(negotiate(cut, "de"), "en");
  assert.equal(negotiate(`de,${"\u{1f600}".repeat(100)}`, "en"), "de");
  assert.equal(negotiate("d".repeat(100_000), "de"), "de");
});

test("ui_locales comes first, then the browser, then MAIL_LOCALE, then English", () => {
  const of = (query, header, usual) =>
    languageOf(
      new Request(`https://auth.example.com/sign-in${query}`, {
        headers: header ? { "Accept-Language": header } : {},
      }),
      usual,
    );
  assert.equal(of("?ui_locales=de", "en", "en"), "de");
  assert.equal(of("?ui_locales=fr-CA+de-AT+en", "en", "en"), "de");
  assert.equal(of("?ui_locales=fr", "de", "en"), "de");
  assert.equal(of("?ui_locales=<script>", "", "de"), "de");
  assert.equal(of("", "de-CH", "en"), "de");
  assert.equal(of("", "", "de"), "de");
  assert.equal(of("", "fr", "xx"), "en");
  assert.equal(of("", "", undefined), "en");
});

test("there is a file of words for each language", () => {
  for (const language of LANGUAGES) readFileSync(inRoot(`www/words/${language}.json`));
});
