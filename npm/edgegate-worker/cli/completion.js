// `edgegate completion`: prints a script for the user's shell. With this script, the shell
// completes the arguments of `edgegate` when the user presses Tab.
import { fileURLToPath } from "node:url";
import { Argument } from "commander";
import { candidatesFor } from "./lib/candidates.js";
import { localCommand, tell } from "./lib/program.js";

/**
 * The script for each shell. `ask` is a command line that prints the words with which the shell can
 * complete what the user has typed.
 */
const SCRIPTS = {
  bash: (/** @type {string} */ ask) => `_edgegate() {
  local IFS=$'\\n'
  COMPREPLY=($(${ask} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _edgegate edgegate`,
  zsh: (/** @type {string} */ ask) => `#compdef edgegate
_edgegate() {
  local -a found
  found=("\${(@f)$(${ask} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n \${found[1]} ]]; then compadd -a found; else _files; fi
}
compdef _edgegate edgegate`,
};

/** @type {import("./lib/program.js").Register} */
export const completion = (program) => {
  localCommand(program, "completion", "Prints a script with which a shell completes the command.", {
    isForAll: true,
  })
    .addArgument(new Argument("<shell>", "your shell").choices(Object.keys(SCRIPTS)))
    .action((/** @type {keyof typeof SCRIPTS} */ shell, options) => {
      const script = SCRIPTS[shell](commandLine());
      tell(options, { shell, script }, script);
    });
  // The shell's script runs this hidden command.
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action((/** @type {string[]} */ words) => {
      for (const word of candidatesFor(program, words)) console.log(word);
    });
};

/** A command line that runs this installation of the program from any folder. */
function commandLine() {
  const path = fileURLToPath(new URL("edgegate.js", import.meta.url));
  return `${quoted(process.execPath)} ${quoted(path)} complete --`;
}

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
