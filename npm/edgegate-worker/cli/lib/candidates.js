// The words that a shell offers when the user presses Tab. This module does not use the library
// @bomb.sh/tab, because its bash script needs the package bash-completion and evaluates the text
// that the user has typed.

/**
 * The words that can complete a command line. The list is empty at a position where any text is
 * allowed, such as a file name.
 *
 * @param {import("commander").Command} program
 * @param {string[]} words the words after the command's name; the last one is being typed
 * @returns {string[]}
 */
export function candidatesFor(program, words) {
  const typed = words.at(-1) ?? "";
  let command = program;
  let position = 0;
  /** @type {import("commander").Option | undefined} */
  let pending;
  for (const word of words.slice(0, -1)) {
    if (word === "--") return [];
    if (pending) {
      pending = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const option = command.options.find(({ long, short }) => [long, short].includes(word));
      if (option?.required || option?.optional) pending = option;
      continue;
    }
    const next = position === 0 && command.commands.find((each) => each.name() === word);
    if (next) command = next;
    else position += 1;
  }
  return allOf(command, { typed, position, pending }).filter((word) => word.startsWith(typed));
}

/**
 * @param {import("commander").Command} command
 * @param {{ typed: string, position: number, pending?: import("commander").Option }} place
 * @returns {string[]}
 */
function allOf(command, { typed, position, pending }) {
  if (pending) return [...(pending.argChoices ?? [])];
  const help = command.createHelp();
  if (typed.startsWith("-"))
    return help.visibleOptions(command).flatMap(({ long }) => (long ? [long] : []));
  if (command.commands.length > 0 && position === 0)
    return help.visibleCommands(command).map((each) => each.name());
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[position] ?? (last?.variadic ? last : undefined);
  return [...(argument?.argChoices ?? [])];
}
