import type { Command, CommandLine, Flag } from './command.js';

/** The shells that there is a completion for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** A shell that there is a completion for. */
export type Shell = (typeof shells)[number];

/** What makes a shell complete commands, flags and files, as a script that it reads at its start. */
export function completionScript(shell: Shell, line: CommandLine): string {
  return { bash, zsh, fish }[shell](new Words(line));
}

/** The words of a command line. */
class Words {
  readonly program: string;
  /** The call without a command. */
  readonly main: Command;
  readonly named: readonly Command[];
  readonly all: readonly Command[];
  /** Words that have commands behind them. */
  readonly groups: readonly string[];

  constructor({ program, commands }: CommandLine) {
    this.program = program;
    [this.main] = commands;
    this.all = commands;
    this.named = commands.filter(({ words }) => words.length > 0);
    const longer = this.named.filter(({ words }) => words.length > 1);
    this.groups = [...new Set(longer.map(({ words }) => words[0]))];
  }

  /** The words that can follow so many words of commands, each once. */
  after(before: readonly string[]): string[] {
    const found = this.named
      .filter(({ words }) => before.every((word, index) => words[index] === word))
      .map(({ words }) => words[before.length] as string | undefined);
    return [...new Set(found.filter((word) => word !== undefined))];
  }
}

/** The flags of a command that are shown. */
function shownFlags({ flags }: Command): readonly Flag[] {
  return flags.filter(({ text }) => text !== '');
}

/** `-c` and `--config`. */
function spellings({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bash(words: Words): string {
  const { program } = words;
  const cases = [...words.named, words.main].map((command) => {
    const pattern = command.words.length === 0 ? '*' : `"${command.words.join(' ')}"*`;
    const flags = shownFlags(command).flatMap(spellings);
    const values = shownFlags(command)
      .filter(({ value }) => value !== undefined)
      .map((flag) => {
        const reply =
          flag.completes === undefined
            ? 'COMPREPLY=()'
            : flag.completes === 'file'
              ? 'COMPREPLY=($(compgen -f -- "$cur"))'
              : `COMPREPLY=($(compgen -W "${flag.completes.join(' ')}" -- "$cur"))`;
        return `        ${spellings(flag).join('|')}) ${reply}; return ;;\n`;
      });
    const { completes = [] } = command;
    const choices = [...flags, ...(completes === 'file' ? [] : completes)].join(' ');
    const files = completes === 'file' ? ' $(compgen -f -- "$cur")' : '';
    const more = command.words.length === 0 ? ` ${words.after([]).join(' ')}` : '';
    return (
      `    ${pattern})\n` +
      (values.length === 0 ? '' : `      case "$prev" in\n${values.join('')}      esac\n`) +
      `      COMPREPLY=($(compgen -W "${choices}${more}" -- "$cur")${files}) ;;\n`
    );
  });
  const groups = words.groups.map(
    (word) =>
      `  if [ "$COMP_CWORD" = 2 ] && [ "\${COMP_WORDS[1]}" = ${word} ]; then\n` +
      `    COMPREPLY=($(compgen -W "${words.after([word]).join(' ')} --help" -- "$cur"))\n` +
      '    return\n  fi\n',
  );
  return (
    `# Completion of ${program} for bash: source <(${program} completion bash)\n` +
    `_${program}() {\n` +
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"\n' +
    groups.join('') +
    '  case "${COMP_WORDS[*]:1}" in\n' +
    `${cases.join('')}  esac\n` +
    '}\n' +
    `complete -o filenames -F _${program} ${program}\n`
  );
}

function zsh(words: Words): string {
  const { program } = words;
  const text = (value: string): string => value.replace(/[[\]:\\]/g, '\\$&');
  const specs = (command: Command): string => {
    const flags = shownFlags(command).map((flag) => {
      const action =
        flag.value === undefined
          ? ''
          : `:${text(flag.value)}:${
              flag.completes === undefined
                ? ' '
                : flag.completes === 'file'
                  ? '_files'
                  : `(${flag.completes.join(' ')})`
            }`;
      const all = spellings(flag);
      const description = `[${text(flag.text)}]${action}`;
      if (all.length === 1) return quoted(all[0] + description);
      return `'*'{${all.join(',')}}${quoted(description)}`;
    });
    const { completes } = command;
    const rest =
      completes === 'file'
        ? quoted('1:file:_files')
        : completes && quoted(`1:word:(${completes.join(' ')})`);
    return [...flags, ...(rest === undefined ? [] : [rest])].join(' ');
  };
  const cases = words.named.map((command) => {
    const { words: own } = command;
    const pattern = own.length === 1 ? `${own[0]}*` : own.join(' ');
    const shift = own.length;
    return `    ${quoted(pattern).replaceAll("*'", "'*")}) shift ${shift} words; (( CURRENT -= ${shift} )); _arguments ${specs(command)} ;;\n`;
  });
  const groups = words.groups.map(
    (word) =>
      `  if (( CURRENT == 3 )) && [[ $words[2] == ${word} ]]; then compadd -- ${words.after([word]).join(' ')} --help; return; fi\n`,
  );
  return (
    `#compdef ${program}\n` +
    `# Completion of ${program} for zsh: source <(${program} completion zsh)\n` +
    `_${program}() {\n` +
    groups.join('') +
    '  case "$words[2]${words[3]:+ $words[3]}" in\n' +
    cases.join('') +
    `    *) if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then compadd -- ${words.after([]).join(' ')}; else _arguments ${specs(words.main)}; fi ;;\n` +
    '  esac\n' +
    '}\n' +
    `if [ "$funcstack[1]" = _${program} ]; then _${program} "$@"; else compdef _${program} ${program}; fi\n`
  );
}

function fish(words: Words): string {
  const { program } = words;
  const none = `not __fish_seen_subcommand_from ${words.after([]).join(' ')}`;
  const lines = [
    `# Completion of ${program} for fish: ${program} completion fish | source`,
    `complete -c ${program} -f`,
  ];
  for (const word of words.after([])) {
    const [first] = words.named.filter((command) => command.words[0] === word);
    const about = first.words.length === 1 ? ` -d ${quoted(first.text)}` : '';
    lines.push(`complete -c ${program} -n ${quoted(none)} -a ${word}${about}`);
  }
  for (const command of words.all) {
    const { text, completes } = command;
    const [first, second] = command.words as (string | undefined)[];
    const seen = [first, second]
      .filter((word) => word !== undefined)
      .map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = quoted(seen.length === 0 ? none : seen.join('; and '));
    if (second !== undefined) {
      const others = words.after([first!]).join(' ');
      const open = `${seen[0]}; and not __fish_seen_subcommand_from ${others}`;
      lines.push(`complete -c ${program} -n ${quoted(open)} -a ${second} -d ${quoted(text)}`);
    }
    for (const { name, short, value, completes: values, text: about } of shownFlags(command)) {
      const letter = short === undefined ? '' : ` -s ${short}`;
      const takes =
        value === undefined
          ? ''
          : values === 'file'
            ? ' -rF'
            : values === undefined
              ? ' -x'
              : ` -x -a ${quoted(values.join(' '))}`;
      lines.push(
        `complete -c ${program} -n ${condition}${letter} -l ${name}${takes} -d ${quoted(about)}`,
      );
    }
    if (completes === 'file') lines.push(`complete -c ${program} -n ${condition} -F`);
    else if (completes !== undefined) {
      lines.push(`complete -c ${program} -n ${condition} -a ${quoted(completes.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
