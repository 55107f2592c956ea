// Checks code blocks that contain data and not programs. Each block must be valid in its language,
// or must quote a file of the project.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { inRoot } from "../../../scripts/project/root.mjs";

/**
 * @type {Record<string, (text: string) => Promise<void> | void>} the check for the blocks in each
 *   language
 */
const CHECKS = {
  json: (text) => void JSON.parse(text),
  toml: parseToml,
  yaml: async (text) => void (await import("yaml")).parse(text, { strict: true }),
  http: parseHttp,
  text: quoted,
  nginx: quoted,
  caddyfile: quoted,
  "": quoted,
};
CHECKS.yml = CHECKS.yaml;

export const isData = ({ language }) => Object.hasOwn(CHECKS, language);

/** @param {import("./documents.mjs").Block} block */
export const check = ({ language, text }) => CHECKS[language](text);

/**
 * Parses TOML with wrangler. wrangler can only read a file that has the form of its own
 * configuration.
 */
async function parseToml(text) {
  const { experimental_readRawConfig } = await import("wrangler");
  const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = mkdtempSync(join(tmpdir(), "edgegate-toml-"));
  try {
    const config = join(folder, "wrangler.toml");
    writeFileSync(config, text);
    experimental_readRawConfig({ config });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Parses an HTTP message. It has a start line (RFC 9112 section 3 or 4), then header fields, and a
 * body after an empty line.
 */
function parseHttp(text) {
  const [head, body] = text.split(/\n\n([\s\S]*)/);
  const [start, ...fields] = head.split("\n");
  const isStart = /^[A-Z]+ \/\S*( HTTP\/1\.1)?$|^HTTP\/[\d.]+ \d{3}/.test(start);
  const wrong = fields.find((line) => !/^[\w-]+: ?\S/.test(line));
  if (!isStart) throw new Error(`this is no start line: ${start}`);
  if (wrong !== undefined) throw new Error(`this is not a header field: ${wrong}`);
  if (body && fields.some((line) => /^content-type: .*json/i.test(line))) JSON.parse(body);
}

/**
 * Checks that a text quotes the sources of the project. `…` stands for any text, so each piece
 * between two `…` is searched separately. A piece is found if the sources contain it unchanged, as
 * a string literal, or with `{setting}` in place of a setting's name. If the sources don't contain
 * a piece that is a single line, they must contain its parts, because the sources can compose a
 * message from a name and several sentences.
 */
function quoted(text) {
  const isThere = (part) =>
    [part, JSON.stringify(part).slice(1, -1), part.replace(/\b[A-Z]+_[A-Z_]+\b/, "{setting}")].some(
      (form) => sources().includes(form),
    );
  const partsOf = (line) =>
    line.split(/(?<=[.:]) |(?<=^[A-Z_]+) /).map((part) => part.replace(/[.:]$/, ""));
  const missing = text
    .split("…")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !isThere(part))
    .flatMap((part) => (part.includes("\n") ? [part] : partsOf(part)))
    .filter((part) => !isThere(part));
  if (missing.length > 0)
    throw new Error(
      `it prints nothing here, so it is a quotation; no file of the project has: ${missing.join("\n")}`,
    );
}

let all;
function sources() {
  all ??= spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: inRoot(),
    encoding: "utf8",
    maxBuffer: 1e8,
  })
    .stdout.split("\0")
    .filter((path) =>
      /\.(rs|m?js|json|toml|yaml|conf|html|sql|txt|ts)$|Caddyfile$|_headers$/.test(path),
    )
    .map((path) => readFileSync(inRoot(path), "utf8"))
    .join("\n")
    // Join the parts of string literals that continue on the next line. Rust allows such literals.
    .replace(/\\\n\s*/g, "");
  return all;
}
