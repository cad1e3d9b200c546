import type { Command, CommandLine, Flag } from './command.js';

/** Columns of what stands before the explanations. */
const width = 30;

function call(program: string, { words, args }: Command): string {
  return [program, ...words, args].filter((word) => word !== '').join(' ');
}

function row(left: string, text: string): string {
  return `  ${left.padEnd(width - 2)}${left.length > width - 4 ? '  ' : ''}${text}\n`;
}

function flagRow({ name, short, value, text }: Flag): string {
  const letter = short === undefined ? '    ' : `-${short}, `;
  return row(`${letter}--${name}${value === undefined ? '' : ` ${value}`}`, text);
}

function optionsOf(title: string, flags: readonly Flag[]): string {
  const shown = flags.filter(({ text }) => text !== '');
  return `${title}:\n${shown.map(flagRow).join('')}`;
}

/**
 * What a program prints with `--help`.
 *
 * @param more calls beside the commands: how they are typed, and what they do
 */
export function usage(
  { program, commands }: CommandLine,
  more: readonly (readonly [call: string, text: string])[] = [],
): string {
  const [main, ...others] = commands;
  return [
    'Usage:\n',
    row(call(program, main), main.text),
    ...more.map(([typed, text]) => row(`${program} ${typed}`, text)),
    ...others.map((command) => row(call(program, command), command.text)),
    '\n',
    optionsOf('Options', main.flags),
    '\n',
    'A command prints its own options with --help.\n',
  ].join('');
}

/** What a command prints with `--help`; of a word that several begin with, all of these. */
export function usageOf({ program, commands }: CommandLine, words: readonly string[]): string {
  const found = commands.filter(
    (command) =>
      command.words.length > 0 && words.every((word, index) => command.words[index] === word),
  );
  const lines = ['Usage:\n', ...found.map((command) => row(call(program, command), command.text))];
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
