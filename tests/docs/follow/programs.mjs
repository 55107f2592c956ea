// Runs the JavaScript, TypeScript and HTML blocks of the documents as programs. The text of a block
// decides where it runs: in Node, in a page, in a Worker or in the type checker.
import { spawnSync } from "node:child_process";
import { transform } from "esbuild";
import { inRoot } from "../../../scripts/project/root.mjs";
import { startBrowser } from "../../browser/browser.mjs";
import { ADA, PASSWORD, ROOT } from "../../e2e/client.mjs";
import { startWorker } from "../../e2e/harness.mjs";
import { makeProject } from "../../package/package.mjs";
import { compare } from "./reader.mjs";
import { readersEnvironment } from "./terminal.mjs";

const SERVICE = /https:\/\/auth\.example\.com/g;
// Names that the programs use without defining them, because every application defines them in its
// own way. `#complete` adds these definitions, those of `token` and `verifier`, and the imports of
// earlier blocks. A program that uses any other undefined name fails.
const GIVEN = {
  email: JSON.stringify(ADA),
  password: JSON.stringify(PASSWORD),
  showAdministration: "() => {}",
  author: '"somebody"',
};
const PACKAGES = ["vite", "hono", "typescript", "@cloudflare/workers-types", "@types/node"];

/** Runs the programs of all documents, in one run through the documents. */
export class Programs {
  #origin;
  #home;
  /** @type {Promise<string> | undefined} */
  #loggedIn;
  #cleanUp = [];
  #project;
  #browser;
  #count = 0;
  /**
   * The import lines in the earlier blocks of this document, keyed by the imported name. Later
   * blocks can use these names.
   */
  #imports = new Map();

  /** @param {{ origin: string, home: string }} clone */
  constructor({ origin, home }) {
    this.#origin = origin;
    this.#home = home;
  }

  /** Begins a new document. Call this method at the beginning of each document. */
  begin() {
    this.#imports = new Map();
    this.#loggedIn = undefined;
  }

  /** @param {import("./documents.mjs").Block} block */
  async run({ language, text }) {
    this.#count += 1;
    this.#project ??= await makeProject(this.#after, PACKAGES);
    if (["ts", "tsx", "typescript"].includes(language)) return this.#check(text);
    // A component of a framework is compiled, but not run. A test in tests/package/ runs the client
    // in React.
    const isComponent = /^\/\/ (React|Vue|Svelte|Solid)\b/.test(text);
    if (language === "jsx" || isComponent) return void (await transform(text, { loader: "jsx" }));
    const local = text.replace(SERVICE, this.#origin);
    if (language === "html") return this.#openPage((page) => page.goto("/a-page"), local);
    if (/^export default \{\s+(async )?fetch\b/m.test(text)) return this.#runWorker(local);
    const config = /^\/\/ ([\w.-]+\.config\.m?js)\b/.exec(text);
    if (config) return this.#runInNode(`${this.#count}/${config[1]}`, text);
    const whole = this.#complete(local, await this.#token());
    // A block with `fromJwks` is run here as it is in the document. A test of the package runs the
    // same block against a service that the test starts.
    const inPage = /\bAuthClient\b|\bfetch\(path\b|\bdocument\.|\bwindow\./.test(text);
    if (inPage) return this.#runInPage(whole);
    return this.#runInNode(`${this.#count}.mjs`, /\bfromJwks\(/.test(text) ? text : whole);
  }

  async close() {
    for (const work of this.#cleanUp.reverse()) await work();
  }

  /**
   * Adds the definitions that the program lacks: the import lines of earlier blocks of the
   * document, and the names that every application defines.
   */
  #complete(text, token) {
    for (const [line, names] of text.matchAll(/^import \{([^}]+)\} from "[^"]+";$/gm))
      for (const name of names.split(",")) this.#imports.set(name.trim(), line);
    const uses = (name) => new RegExp(`(?<![.\\w"])${name}\\b(?!\\s*:)`).test(text);
    const defines = (name) =>
      new RegExp(
        `\\b(const|let|var|class|function) +${name}\\b|(const|let|import) *\\{[^}]*\\b${name}\\b[^}]*\\}`,
      ).test(text);
    const imports = [...this.#imports]
      .filter(([name]) => (uses(name) || uses(name.toLowerCase())) && !defines(name))
      .map(([, line]) => line);
    const verifier = `Verifier.fromIssuer(${JSON.stringify(this.#origin)}, { audience: "edgegate" })`;
    const given = Object.entries({ ...GIVEN, token: JSON.stringify(token), verifier })
      .filter(([name]) => uses(name) && !defines(name))
      .map(([name, value]) => `const ${name} = ${value};`);
    // A text with `return` is a part of a function. So wrap the text in a function.
    const isFragment = /^(if .*)?return\b|^if .*\breturn\b/m.test(text);
    const body = isFragment ? `await (async () => {\n${text}\n})();` : text;
    return [...new Set(imports), ...given, body].join("\n");
  }

  /**
   * All blocks of a document share one login, because one client may log in to an account only ten
   * times a minute.
   */
  #token() {
    this.#loggedIn ??= this.#logIn();
    return this.#loggedIn;
  }

  async #logIn() {
    const answer = await fetch(`${this.#origin}/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: ROOT, password: PASSWORD }),
    });
    if (answer.status !== 200) throw new Error(`the login of ${ROOT} answered ${answer.status}`);
    return (await answer.json()).access_token;
  }

  /**
   * Runs a program in Node. The comment after a `console.log` is the output that this call must
   * print.
   */
  #runInNode(name, text) {
    const MARK = "@@printed@@";
    const prelude = this.#project.write(
      "prelude.mjs",
      `const log = console.log; console.log = (...values) => { log(...values); log("${MARK}"); };`,
    );
    const file = this.#project.write(name, text);
    const env = readersEnvironment(this.#home);
    const { status, stdout, stderr } = spawnSync("node", ["--import", prelude, file], {
      cwd: this.#project.folder,
      env,
      encoding: "utf8",
      timeout: 120_000,
    });
    if (status !== 0) throw new Error(`it failed in Node (${status}):\n${stdout}${stderr}`);
    const printed = stdout.split(`${MARK}\n`).slice(0, -1);
    const logs = text.split("\n").filter((line) => line.startsWith("console.log("));
    if (logs.length > 0 && logs.length !== printed.length)
      throw new Error(`${logs.length} calls of console.log printed ${printed.length} times`);
    for (const [index, line] of logs.entries()) {
      const expected = /; \/\/ (.+)$/.exec(line)?.[1];
      if (expected) compare(oneLine(printed[index]), oneLine(expected), "text");
    }
  }

  async #runInPage(text) {
    const start = `/a-page`;
    const script = text.replace(
      /^import (\{[^}]+\}) from "edgegate(\/client)?";$/gm,
      (_, names, client) =>
        `const ${names.replaceAll(" as ", ": ")} = await import("/edgegate/${client ? "client/index.js" : "web.js"}");`,
    );
    await this.#openPage(async (page) => {
      await page.goto(start);
      await page.evaluate(`(async () => { ${script}\n })()`);
    }, "<!doctype html><title>A page</title>");
  }

  async #openPage(work, html) {
    if (!this.#browser) {
      this.#browser = await startBrowser();
      this.#cleanUp.push(() => this.#browser.close());
    }
    const context = await this.#browser.newContext({ baseURL: this.#origin });
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    await page.route("**/a-page", (route) =>
      route.fulfill({ contentType: "text/html", body: html }),
    );
    try {
      await work(page);
    } catch (error) {
      wrong.push(/** @type {Error} */ (error).message);
    }
    await context.close();
    if (wrong.length > 0) throw new Error(`it failed in a page: ${wrong.join("\n")}`);
  }

  /**
   * Runs a Worker whose binding AUTH is an edgegate. Sends the Worker a request of an
   * administrator.
   */
  async #runWorker(text) {
    const main = this.#project.write(`${this.#count}.mjs`, text);
    const edge = await startWorker({
      others: [
        {
          name: "documented",
          main,
          compatibility_date: "2026-10-23",
          services: [{ binding: "AUTH", service: "edgegate", entrypoint: "Auth" }],
          vars: { ISSUER: this.#origin, AUDIENCE: "edgegate" },
        },
      ],
    });
    try {
      const answer = await edge.other("documented").fetch("http://documented.example/", {
        method: "POST",
        headers: { Authorization: `Bearer ${await this.#token()}` },
        body: JSON.stringify({ email: ADA, password: PASSWORD }),
      });
      if (answer.status !== 200)
        throw new Error(`the Worker answered ${answer.status}: ${await answer.text()}`);
    } finally {
      await edge.stop();
    }
  }

  #check(text) {
    const file = this.#project.write(`${this.#count}.ts`, `${text}\nexport {};\n`);
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        inRoot("node_modules/typescript/bin/tsc"),
        ...["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom"],
        ...["--module", "nodenext", "--moduleResolution", "nodenext"],
        ...["--types", "@cloudflare/workers-types", file],
      ],
      { cwd: this.#project.folder, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`its types are wrong:\n${stdout}`);
  }

  #after = { after: (work) => this.#cleanUp.push(work) };
}

/**
 * Removes white space, and replaces single quotation marks with double ones. Node's output and the
 * text of a document can differ in them.
 */
const oneLine = (text) => text.trim().replaceAll("'", '"').replace(/\s+/g, "");
