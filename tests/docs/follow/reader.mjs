// A reader who pastes the shell blocks of a document into a terminal, one block after the other. If
// a block starts a server, the reader leaves the terminal of the server open and opens another
// terminal, as the documents say.
import { connect } from "node:net";
import { readersEnvironment, Terminal } from "./terminal.mjs";

const COMPLAINTS =
  /command not found|parse error|no matches found|event not found|syntax error|number expected/;

// Commands that run until the reader presses Ctrl-C. If `command` matches the last line of a block,
// the block starts such a server. The server is ready when its output matches `ready`, or when it
// listens on `port`.
/** @type {{ command: RegExp, ready?: RegExp, port?: number }[]} */
const SERVERS = [
  { command: /\bnpm start\b/, ready: /is ready at http|listening at http|Open this address/ },
  { command: /\bwrangler dev\b|\bnpm run dev\b/, ready: /Ready on http|Local: +http/ },
  { command: /\bnode server\.m?js\b/, ready: /listening at http/ },
  { command: /\bnode client\.js\b/, ready: /Open this address/ },
  { command: /\bnginx\b/, port: 8080 },
  { command: /\bcaddy run\b/, port: 8080 },
];
const isStart = (line) => /^(?:PORT=\d+ )?npm start\b/.test(line);

export class Reader {
  #shell;
  #clone;
  #env;
  #work;
  /** @type {Map<string, Terminal>} The terminals of running servers, by the server's name. */
  #servers = new Map();

  /**
   * @param {"bash" | "zsh"} shell
   * @param {import("./clone.mjs").Clone} clone
   * @param {NodeJS.ProcessEnv} [more] further environment variables, which the document needs
   */
  constructor(shell, clone, more) {
    this.#shell = shell;
    this.#clone = clone;
    this.#env = readersEnvironment(clone.home, more);
  }

  /**
   * Pastes a block. Throws an error if a command fails, or if the output differs from the expected
   * output.
   *
   * @param {import("./documents.mjs").Block} block
   */
  async follow({ text, expected }) {
    const commands = this.#clone.move(text.trimEnd());
    const last = commands.split("\n").at(-1).trim();
    const server = SERVERS.find(({ command }) => command.test(last));
    if (server) return this.#serve(commands, last, server);
    this.#work ??= await this.#open();
    const { printed, failed } = await this.#work.paste(commands);
    if (failed || COMPLAINTS.test(printed)) throw new Error(`a command failed:\n${printed}`);
    if (expected) compare(printed, this.#clone.move(expected.text), expected.language);
  }

  async close() {
    for (const terminal of this.#servers.values()) await this.#stop(terminal);
    this.#servers.clear();
    await this.#work?.close();
    this.#work = undefined;
  }

  async #serve(commands, last, /** @type {{ ready?: RegExp, port?: number }} */ { ready, port }) {
    // Two servers of the same name would use the same port. So stop the running one before the
    // other starts, as the documents tell the reader to do.
    const name = isStart(last) && !/\bcd\b/.test(commands) ? "edgegate" : `not edgegate: ${last}`;
    await this.#stop(this.#servers.get(name));
    const terminal = await this.#open();
    this.#servers.set(name, terminal);
    await terminal.pasteServer(commands, (printed) =>
      ready ? ready.test(printed) : listens(this.#clone.port(port)),
    );
  }

  /** @param {Terminal} [terminal] */
  async #stop(terminal) {
    await terminal?.interrupt();
    await terminal?.close();
  }

  async #open() {
    const terminal = new Terminal(this.#shell, { cwd: this.#clone.root, env: this.#env });
    await terminal.ready();
    return terminal;
  }
}

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

/**
 * Compares the output of a block with the expected output, which is the block below it. `…` matches
 * any text.
 */
export function compare(printed, expected, language) {
  const isSame =
    language === "json"
      ? sameJson(JSON.parse(expected), parsed(printed))
      : new RegExp(`^${pattern(expected.trim())}$`).test(lines(printed));
  if (!isSame) throw new Error(`it printed:\n${printed}\ninstead of:\n${expected.trim()}`);
}

const pattern = (text) =>
  lines(text)
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s\\S]*?");
const lines = (text) =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`it printed no JSON:\n${text}`);
  }
}

/** Compares JSON values. In a string, `…` matches any text. */
function sameJson(expected, actual) {
  if (typeof expected === "string" && expected.includes("…"))
    return typeof actual === "string" && new RegExp(`^${pattern(expected)}$`).test(actual);
  if (expected === null || typeof expected !== "object") return expected === actual;
  if (actual === null || typeof actual !== "object") return false;
  const names = Object.keys(expected);
  return (
    Array.isArray(expected) === Array.isArray(actual) &&
    names.length === Object.keys(actual).length &&
    names.every((name) => Object.hasOwn(actual, name) && sameJson(expected[name], actual[name]))
  );
}
