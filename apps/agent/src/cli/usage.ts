import { commands, type CommandHelp, type FlagHelp } from './commands.js';

/** Columns of what stands before the explanations. */
const width = 30;

function call({ words, args }: CommandHelp): string {
  return ['sluice', ...words, args].filter((word) => word !== '').join(' ');
}

function row(left: string, text: string): string {
  return `  ${left.padEnd(width - 2)}${left.length > width - 4 ? '  ' : ''}${text}\n`;
}

function flagRow({ name, short, value, text }: FlagHelp): string {
  const letter = short === undefined ? '    ' : `-${short}, `;
  return row(`${letter}--${name}${value === undefined ? '' : ` ${value}`}`, text);
}

function optionsOf(title: string, flags: readonly FlagHelp[]): string {
  return `${title}:\n${flags.map(flagRow).join('')}`;
}

/** What `sluice --help` prints. */
export const usage = [
  'Usage:\n',
  row('sluice [-c FILE]', commands[0].text),
  row('sluice --dry-run -c FILE', 'only check the configuration'),
  ...commands.slice(1).map((command) => row(call(command), command.text)),
  '\n',
  optionsOf('Options', commands[0].flags),
  '\n',
  'A command prints its own options with --help.\n',
].join('');

/** What a command prints with `--help`; of `config` and `plugin` all that begin with the word. */
export function usageOf(words: readonly string[]): string {
  const found = commands.filter(
    (command) =>
      command.words.length > 0 && words.every((word, index) => command.words[index] === word),
  );
  const lines = ['Usage:\n', ...found.map((command) => row(call(command), command.text))];
  const lists = new Map(found.map((command) => [command.flags, command]));
  for (const [flags, command] of lists) {
    const same = found.filter((other) => other.flags === flags);
    const names = same.map((other) => other.words.join(' ')).join(' and ');
    lines.push(
      '\n',
      optionsOf(
        lists.size > 1 ? `Options of ${command.words.join(' ')}` : `Options of ${names}`,
        flags,
      ),
    );
  }
  return lines.join('');
}
