// `edgegate upgrade` adds to wrangler.jsonc what the new version needs. Everything else in the file
// stays unchanged.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "jsonc-parser";
import { changesOf, edited } from "../../npm/edgegate-worker/cli/lib/config-changes.js";
import { appendTo, read, setIn } from "../../npm/edgegate-worker/cli/lib/config-edit.js";
import { inRoot } from "../../scripts/project/root.mjs";

const TEMPLATE = readFileSync(inRoot("template/wrangler.jsonc"), "utf8");

/** Returns the comments in a text, in order. */
const comments = (text) => text.match(/^\s*\/\/.*$/gm) ?? [];

/** Returns the template without the parts that the patterns match. */
const without = (...patterns) =>
  patterns.reduce((text, pattern) => {
    assert.match(text, pattern);
    return text.replace(pattern, "");
  }, TEMPLATE);

test("the template lacks nothing", () => {
  assert.deepEqual(changesOf(read(TEMPLATE)), []);
});

test("what a version needs is added in its place, and every comment is kept", () => {
  const old = without(
    /"\* \* \* \* \*", /,
    /^ {4}"MailGate": .*\n/m,
    /,\n *\/\/ Counts the mails .*\n *\{ "name": "MAIL_GATE_OBJECTS".*\}/,
    /^ {6}"\/console",\n/m,
  ).replace('"compatibility_date": "2026-10-23"', '"compatibility_date": "2026-01-01"');
  const changes = changesOf(read(old));
  assert.deepEqual(
    changes.map(({ what, optional }) => [what, optional]),
    [
      ['"compatibility_date" 2026-10-23 instead of 2026-01-01', false],
      ["the class MailGate", false],
      ["the Durable Object binding MAIL_GATE_OBJECTS", false],
      ['the cron "* * * * *"', false],
      ['the path "/console"', false],
    ],
  );
  const text = edited(old, changes);
  assert.deepEqual(changesOf(read(text)), []);
  assert.deepEqual(comments(text), comments(old));
  const [now, wanted] = [read(text), read(TEMPLATE)];
  assert.deepEqual(now.exports, wanted.exports);
  assert.deepEqual(now.durable_objects, wanted.durable_objects);
  assert.deepEqual(new Set(now.triggers.crons), new Set(wanted.triggers.crons));
  assert.deepEqual(edited(text, changesOf(read(text))), text, "a second run changes nothing");
});

test("an environment's own lists are completed with its own names", () => {
  const config = read(TEMPLATE);
  config.env.staging.durable_objects.bindings.pop();
  config.env.staging.queues = undefined;
  const text = JSON.stringify(config);
  const changes = changesOf(read(text));
  assert.deepEqual(
    changes.filter(({ optional }) => !optional).map(({ what, environment }) => [what, environment]),
    [["the Durable Object binding MAIL_GATE_OBJECTS", "staging"]],
  );
  const done = read(edited(text, changes));
  assert.deepEqual(changesOf(done), []);
  assert.deepEqual(done.env.staging, read(TEMPLATE).env.staging);
});

test("queues and limits are optional, and a limit gets an id of its own", () => {
  const config = read(TEMPLATE);
  config.ratelimits = [];
  config.queues = undefined;
  const text = JSON.stringify(config);
  const changes = changesOf(read(text));
  assert.ok(changes.length >= 9);
  assert.ok(changes.every(({ optional }) => optional));
  const done = read(edited(text, changes));
  assert.deepEqual(done.queues, read(TEMPLATE).queues);
  const ids = [...done.ratelimits, ...done.env.staging.ratelimits].map(
    (limit) => limit.namespace_id,
  );
  assert.equal(new Set(ids).size, 6);
});

test("names that the owner chose are kept", () => {
  const text = TEMPLATE.replaceAll('"my-auth-mail"', '"letters"')
    .replaceAll('"my-auth-notices-dead"', '"lost"')
    .replace('"database_name": "my-auth"', '"database_name": "people"');
  const required = changesOf(read(text)).filter(({ optional }) => !optional);
  assert.deepEqual(required, []);
});

test("a queue for failed mails is bound, unless the owner chose other queues", () => {
  const config = read(TEMPLATE);
  const isLeft = ({ binding }) => !binding.endsWith("_DEAD");
  config.queues.producers = config.queues.producers.filter(isLeft);
  const missing = (text) => changesOf(read(text)).map(({ what }) => what);
  const text = JSON.stringify(config);
  assert.deepEqual(missing(text), ["the queue MAIL_DEAD", "the queue NOTICE_DEAD"]);
  assert.deepEqual(missing(text.replaceAll('"my-auth-mail"', '"letters"')), [
    "the queue NOTICE_DEAD",
  ]);
});

test("a setting takes the place of its commented line, or comes last", () => {
  const value = "https://auth.example.com";
  const set = setIn(TEMPLATE, ["vars", "ISSUER"], value);
  assert.match(set, /^ {4}"ISSUER": "https:\/\/auth\.example\.com",$/m);
  assert.equal(read(set).vars.ISSUER, value);
  assert.equal(read(set).env.staging.vars.ISSUER, undefined);
  const staging = setIn(set, ["env", "staging", "vars", "ISSUER"], "https://s.example.com");
  assert.equal(read(staging).env.staging.vars.ISSUER, "https://s.example.com");
  assert.equal(read(staging).vars.ISSUER, value);
  assert.equal(staging.split("\n").length, TEMPLATE.split("\n").length);

  // In the template, the line with MAIL_FROM is commented out and stands after the last setting.
  const last = setIn(TEMPLATE, ["vars", "MAIL_FROM"], "a@example.com");
  assert.equal(read(last).vars.MAIL_FROM, "a@example.com");
  assert.deepEqual(Object.keys(read(last).vars).length, 6);
  const other = setIn('{ "vars": { "A": "1" } /* kept */ }', ["vars", "B"], "2");
  assert.deepEqual(read(other), { vars: { A: "1", B: "2" } });
  assert.match(other, /\/\* kept \*\//);
  assert.deepEqual(read(appendTo("{}", ["triggers", "crons"], "x")), {
    triggers: { crons: ["x"] },
  });
});

test("an edited configuration stays JSON that wrangler reads", () => {
  const wanted = "https://auth.example.com";
  for (const text of [
    // In this text, the commented-out line is the last line, and the setting before it has no
    // comma.
    '{\n  "vars": {\n    "A": "1"\n    // "ISSUER": "https://x.example"\n  }\n}\n',
    '{\n  "vars": {\n    "A": "1",\n    // "ISSUER": "https://x.example"\n  }\n}\n',
    '{\r\n  "vars": {\r\n    // "ISSUER": "x",\r\n    "A": "1"\r\n  }\r\n}\r\n',
    '{ "vars": { "A": "1" /* "ISSUER": */ } }',
    '{ "name": "my-auth" }',
    // This text begins with a byte order mark, which wrangler accepts.
    '\ufeff{\n  "vars": {\n    // "ISSUER": "x"\n    "A": "1"\n  }\n}\n',
  ]) {
    const edited = setIn(text, ["vars", "ISSUER"], wanted);
    /** @type {import("jsonc-parser").ParseError[]} */
    const errors = [];
    const parsed = parse(edited.replace(/^\ufeff/, ""), errors, { allowTrailingComma: true });
    assert.deepEqual([errors, parsed.vars.ISSUER], [[], wanted], edited);
    assert.equal(edited.startsWith("\ufeff"), text.startsWith("\ufeff"));
  }
});
