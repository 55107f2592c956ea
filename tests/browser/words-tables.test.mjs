// The texts of the pages are in tables, one table for each language (www/words). Every language has
// the same keys, and every page gets the texts that its script uses. Neither the HTML nor the
// scripts contain any other texts.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Linter } from "eslint";
import { inRoot } from "../../scripts/project/root.mjs";
import { LANGUAGES } from "../../src/edge/pages/language.mjs";
import { PAGES } from "../../src/edge/pages/paths.mjs";

const read = (path) => readFileSync(inRoot("www", path), "utf8");
const TABLES = new Map(LANGUAGES.map((name) => [name, JSON.parse(read(`words/${name}.json`))]));
const ENGLISH = TABLES.get("en");
const HTML = readdirSync(inRoot("www")).filter((name) => name.endsWith(".html"));
const SCRIPTS = readdirSync(inRoot("www")).filter((name) => name.endsWith(".js"));

/** Returns each text with its key, such as `sign_in.title` or `sessions.ended.one`. */
function textsIn(table) {
  return Object.entries(table).flatMap(([section, words]) =>
    Object.entries(words).flatMap(([name, word]) =>
      typeof word === "string"
        ? [[`${section}.${name}`, word]]
        : Object.entries(word).map(([form, text]) => [`${section}.${name}.${form}`, text]),
    ),
  );
}

/** Returns the placeholders and tags of a text, which must be the same in all languages. */
const marksIn = (text) => (text.match(/\{\w+\}|<[^>]*>/g) ?? []).sort();

for (const [language, table] of TABLES) {
  test(`${language}: the same keys as in English, with the same placeholders and tags`, () => {
    const keys = (words) =>
      Object.entries(words).map(([section, words]) => [section, Object.keys(words)]);
    assert.deepEqual(keys(table), keys(ENGLISH));
    const texts = Object.fromEntries(textsIn(table));
    for (const [section, words] of Object.entries(ENGLISH)) {
      for (const [name, word] of Object.entries(words)) {
        const key = `${section}.${name}`;
        if (typeof word === "string") {
          assert.deepEqual(marksIn(texts[key] ?? ""), marksIn(word), key);
          continue;
        }
        const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
        assert.deepEqual(Object.keys(table[section][name]).sort(), forms.sort(), key);
        for (const form of forms)
          assert.deepEqual(marksIn(texts[`${key}.${form}`]), marksIn(word.other), key);
      }
    }
  });

  test(`${language}: no text is empty, and tags stand only where the HTML is read`, () => {
    for (const [key, text] of textsIn(table)) {
      assert.equal(text, text.trim(), key);
      assert.notEqual(text, "", key);
      assert.doesNotMatch(text, /\.\.\.| {2}/, key);
      if (!key.includes("_html")) assert.doesNotMatch(text, /[<>&]/, key);
      for (const tag of text.match(/<\/?\w+/g) ?? [])
        assert.match(tag, /^<\/?(a|strong|code|span)$/, key);
    }
  });
}

test("the pages are those of src/edge/pages, and wrangler.toml gives them to the Worker", () => {
  const files = HTML.filter((name) => name !== "error.html");
  const paths = files.map((name) => (name === "index.html" ? "/" : `/${name.slice(0, -5)}`));
  assert.deepEqual(paths.sort(), PAGES.toSorted());
  const [, listed] =
    /^run_worker_first = \[([^\]]*)\]/m.exec(readFileSync(inRoot("wrangler.toml"), "utf8")) ?? [];
  for (const path of [...PAGES, "/error"]) assert.ok(listed.includes(`"${path}"`), path);
});

test("every key in the HTML exists, and every key is used", () => {
  const used = new Set();
  for (const file of HTML) {
    const html = read(file);
    const keys = [
      ...[...html.matchAll(/data-words(?:-note)?="([^"]+)"/g)].map(([, key]) => key),
      ...[...html.matchAll(/data-words-in="([^"]+)"/g)].flatMap(([, pairs]) =>
        pairs.split(" ").map((pair) => pair.split(":")[1]),
      ),
    ];
    for (const key of keys) {
      const [section, name] = key.split(".");
      assert.equal(typeof ENGLISH[section]?.[name], "string", `${file}: ${key}`);
      used.add(key);
    }
  }
  // The texts of these sections are looked up by names that are known only at run time, such as the
  // name of a claim or the status of an error. So the scripts need not contain these names, and
  // this test can't find out whether the texts are used.
  const LOOKED_UP = ["claims", "reasons", "faults", "subjects", "error"];
  const scripts = SCRIPTS.map(read).join("\n");
  for (const [section, words] of Object.entries(ENGLISH)) {
    if (LOOKED_UP.includes(section)) continue;
    for (const name of Object.keys(words))
      assert.ok(
        used.has(`${section}.${name}`) || new RegExp(`\\b${name}\\b`).test(scripts),
        `${section}.${name} is used nowhere`,
      );
  }
});

for (const file of HTML) {
  test(`${file}: its script gets the sections of words that it uses`, () => {
    const html = read(file);
    const [, given = ""] = /data-words-for-script="([^"]*)"/.exec(html) ?? [];
    const [, entry] = /<script type="module" src="\/([^"]+)"/.exec(html) ?? [];
    const seen = new Set();
    const visit = (name) => {
      if (seen.has(name)) return;
      seen.add(name);
      for (const [, next] of read(name).matchAll(/from "\.\/([\w-]+\.js)"/g)) visit(next);
    };
    if (entry) visit(entry);
    const sections = [...seen].flatMap((name) =>
      [...read(name).matchAll(/\bwords\.(\w+)/g)].map(([, section]) => section),
    );
    const needed = [...new Set(sections)].filter((name) => Object.hasOwn(ENGLISH, name));
    const missing = needed.filter((name) => !given.split(" ").includes(name));
    // confirm-email.html uses the script mailed-link.js, as pages with a password field do.
    // confirm-email.html itself has no password field.
    const unused = file === "confirm-email.html" ? ["password"] : [];
    assert.deepEqual(missing, unused);
  });

  test(`${file}: its HTML has no words of its own`, () => {
    const text = read(file)
      .replace(/<(pre|script)\b.*?<\/\1>/gs, "")
      .replace(/<[^>]*>/g, "\n");
    const own = text.split(/\s*\n\s*/).filter((line) => /\p{L}{2}/u.test(line));
    const NAMES = /^(edgegate|openapi\.yaml|jwks\.json|healthz|oauth-authorization-server)$/;
    assert.deepEqual(
      own.filter((line) => !NAMES.test(line)),
      [],
    );
    assert.doesNotMatch(read(file), /\b(aria-label|title|alt|data-busy)="[^"]*\p{L}/u);
  });
}

// Strings that need no translation, although `isSentence` classifies them as sentences.
const NO_WORDS = [
  "correct horse battery staple",
  "allow-popups allow-popups-to-escape-sandbox",
  "<!doctype html>",
];

for (const file of SCRIPTS) {
  test(`${file}: no words of its own`, () => {
    const found = [];
    const look = (node, text) => {
      const ancestors = [];
      for (let above = node.parent; above; above = above.parent) ancestors.push(above);
      // If `isThrown` is true, the text is the message of an error. Only developers see this
      // message, in the browser's console.
      const isThrown = ancestors.some(
        ({ type, callee }) => type === "NewExpression" && callee.name === "Error",
      );
      if (!isThrown && isSentence(text) && !NO_WORDS.includes(text)) found.push(text);
    };
    const rule = {
      create: () => ({
        Literal: (node) => typeof node.value === "string" && look(node, node.value),
        TemplateElement: (node) => look(node, node.value.cooked),
      }),
    };
    const messages = new Linter().verify(read(file), {
      plugins: { local: { rules: { collect: rule } } },
      rules: { "local/collect": "error" },
    });
    assert.deepEqual(messages, []);
    assert.deepEqual(found, []);
  });
}

/**
 * Returns whether a text looks like a sentence: it has two words with a space between them, or it
 * begins with a capitalised word.
 */
function isSentence(text) {
  const NAMES = /^(Bearer |Authorization|Retry-After|Content-Type|EdgegateError|Escape|Enter)/;
  if (NAMES.test(text) || /^[#.[]|^\w+\[|\b(aria|data)-/.test(text)) return false;
  return /\p{L}{2,}[,:]? \p{L}{2,}/u.test(text) || /^\p{Lu}\p{Ll}+/u.test(text);
}

test("the search for words finds them", () => {
  for (const text of ["Sign in", "Copied", "of the page, which", "Wait: then try"])
    assert.ok(isSentence(text), text);
});
