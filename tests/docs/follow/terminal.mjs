// A terminal in which a reader pastes commands. It is an interactive shell in a pseudo-terminal.
// The program `script` (of util-linux and macOS) provides the pseudo-terminal. Some commands behave
// differently in an interactive shell than in a script. In an interactive zsh, for example, `#`
// does not begin a comment, and `!` recalls an earlier command.
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

// These options start the shells without the user's own settings. They also switch off the line
// editor, which would print each line again.
const SHELLS = {
  bash: ["bash", "--norc", "--noprofile", "--noediting", "-i"],
  zsh: ["zsh", "-f", "+Z", "-i"],
};
const SILENT = {
  bash: "PS1= PS2=",
  zsh: "unsetopt prompt_sp prompt_cr; PROMPT= PROMPT2= RPS1=",
};
const WAIT_MS = 10 * 60_000;
const POLL_MS = 50;
// Escape sequences, for example for colours and the title of the window.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with ESC
const ESCAPES = /\u001b(\[[0-9;?]*[A-Za-z]|\][^\u0007]*\u0007|[=>()][A-Z0-9]?)/g;

export class Terminal {
  #program;
  #output = "";
  #ended = false;
  #pastes = 0;
  #setUp;

  /**
   * @param {"bash" | "zsh"} shell
   * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
   */
  constructor(shell, { cwd, env }) {
    const command = `exec ${SHELLS[shell].join(" ")}`;
    const args =
      process.platform === "darwin"
        ? ["-q", "/dev/null", "/bin/sh", "-c", command]
        : ["-qfec", command, "/dev/null"];
    this.#program = spawn("script", args, { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
    this.#program.stdin.on("error", () => {});
    // If this process ends, close the terminal. The kernel then sends SIGHUP to the programs that
    // run in the terminal.
    const kill = () => this.#program.kill("SIGKILL");
    process.on("exit", kill);
    this.#program.stdout.setEncoding("utf8").on("data", (chunk) => (this.#output += chunk));
    this.ended = new Promise((resolve) => this.#program.once("exit", resolve));
    this.ended.then(() => {
      this.#ended = true;
      process.off("exit", kill);
    });
    this.#setUp = `stty -echo; ${SILENT[shell]}; HISTFILE=; trap 'printf "\\n@@failed@@\\n"' ERR`;
  }

  /** Returns what the terminal has printed since the last paste began. */
  get printed() {
    return tidy(this.#output);
  }

  /**
   * Waits until the shell has started. A shell discards what is typed while it starts. So this
   * method repeats its input until the shell answers.
   */
  async ready() {
    for (let isReady = false; !isReady; ) {
      if (this.#ended) throw new Error(`the shell ended: ${this.printed}`);
      const mark = this.#begin(this.#setUp);
      isReady = await this.#until(() => this.#output.includes(`\n${mark}`), 2000);
    }
    // It is possible that the shell still has to print its answers to earlier attempts. Wait until
    // they are printed.
    await this.paste("");
  }

  /** Pastes commands and waits until they have ended. */
  async paste(commands) {
    const mark = this.#begin(commands);
    const isDone = await this.#until(() => this.#output.includes(`\n${mark}`));
    if (!isDone) throw new Error(`it did not end; so far it printed:\n${this.printed}`);
    return this.#result(mark);
  }

  /**
   * Pastes commands. The last command is a server. Waits until `isReady` returns true.
   *
   * @param {string} commands
   * @param {(printed: string) => boolean | Promise<boolean>} isReady
   */
  async pasteServer(commands, isReady) {
    const mark = this.#begin(commands);
    let isUp = false;
    await this.#until(async () => {
      if (this.#output.includes(`\n${mark}`)) return true;
      isUp = await isReady(this.printed);
      return isUp;
    });
    if (!isUp) throw new Error(`the server did not start; it printed:\n${this.printed}`);
  }

  /** Presses Ctrl-C, and waits until the program in the foreground has ended. */
  async interrupt() {
    this.#write("\u0003");
    const mark = this.#mark();
    // Ctrl-C also discards input that was typed but not yet read. So type the next command
    // repeatedly, until its output shows that the shell has read it.
    for (let tries = 0; tries < 100; tries++) {
      this.#write(`\n printf '\\n%s\\n' '${mark}'\n`);
      const isFree = await this.#until(() => this.#output.includes(`\n${mark}`), 1000);
      if (isFree) return;
    }
    throw new Error(`Ctrl-C did not end it:\n${this.printed}`);
  }

  /**
   * Ends the shell. If a program still runs in the foreground after two seconds, closes the
   * terminal, and the program gets SIGHUP.
   */
  async close() {
    this.#write("exit\n");
    const timer = setTimeout(() => this.#program.kill("SIGKILL"), 2000);
    await this.ended;
    clearTimeout(timer);
  }

  #begin(commands) {
    this.#output = "";
    const mark = this.#mark();
    this.#write(`${commands}\n printf '\\n%s\\n' '${mark}'\n`);
    return mark;
  }

  #mark() {
    this.#pastes += 1;
    return `@@end of ${this.#pastes}@@`;
  }

  #result(mark) {
    const [text] = this.printed.split(`\n${mark}`);
    const failed = text.includes("@@failed@@");
    return { printed: text.replace(/\n?@@failed@@\n?/g, "\n").trim(), failed };
  }

  #write(text) {
    if (!this.#ended) this.#program.stdin.write(text);
  }

  async #until(look, ms = WAIT_MS) {
    for (let waited = 0; waited < ms; waited += POLL_MS) {
      if (await look()) return true;
      if (this.#ended) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  }
}

/**
 * Returns the environment variables of a reader: those of this process, without the variables that
 * npm and the tests add. HOME is the empty folder `home`. Rust and npm still use their usual
 * settings and caches.
 */
export function readersEnvironment(home, more = {}) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_TEST|NODE_OPTIONS|EDGEGATE_|INIT_CWD|PORT$|ISSUER$)/.test(name),
    ),
  );
  const path = (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !/node_modules|node-gyp-bin/.test(folder))
    .join(delimiter);
  return {
    CARGO_HOME: join(homedir(), ".cargo"),
    RUSTUP_HOME: join(homedir(), ".rustup"),
    npm_config_userconfig: join(homedir(), ".npmrc"),
    npm_config_cache: join(homedir(), ".npm"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    ...env,
    TERM: "dumb",
    HOME: home,
    PATH: path,
    ...more,
  };
}

const tidy = (text) =>
  text
    .replace(ESCAPES, "")
    .replace(/\r+\n/g, "\n")
    .split("\n")
    .map((line) => line.replace(/^.*\r/, "").trimEnd())
    .join("\n");
