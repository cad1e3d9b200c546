import { parseFlags, UsageError } from './flags.js';
import { commands, shells, type CommandHelp, type FlagHelp } from './commands.js';
import { usageOf } from './usage.js';

/**
 * `sluice completion bash|zsh|fish`: prints a script that makes the shell complete commands, flags
 * and files.
 *
 * @returns the exit code
 */
export function completion(args: string[]): number {
  const { values, positionals } = parseFlags(args, { help: { type: 'boolean', short: 'h' } });
  if (values.help === true) {
    process.stdout.write(usageOf(['completion']));
    return 0;
  }
  const [shell, extra] = positionals as (string | undefined)[];
  const known = shells.find((name) => name === shell);
  if (known === undefined || extra !== undefined) {
    throw new UsageError(`completion takes one of ${shells.join(', ')}`);
  }
  process.stdout.write({ bash, zsh, fish }[known]());
  return 0;
}

const named = commands.filter(({ words }) => words.length > 0);
const [agent] = commands;
/** Words that have commands behind them. */
const groupWords = [
  ...new Set(named.filter(({ words }) => words.length > 1).map(({ words }) => words[0])),
];

/** `-c` and `--config`. */
function spellings({ name, short }: FlagHelp): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The words that can follow so many words of commands, each once. */
function nextWords(before: readonly string[]): string[] {
  const found = named
    .filter(({ words }) => before.every((word, index) => words[index] === word))
    .map(({ words }) => words[before.length] as string | undefined);
  return [...new Set(found.filter((word) => word !== undefined))];
}

function bash(): string {
  const cases = [...named, agent].map((command) => {
    const pattern = command.words.length === 0 ? '*' : `"${command.words.join(' ')}"*`;
    const flags = command.flags.flatMap(spellings);
    const values = command.flags
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
    const words = [...flags, ...(completes === 'file' ? [] : completes)].join(' ');
    const files = completes === 'file' ? ' $(compgen -f -- "$cur")' : '';
    const more = command.words.length === 0 ? ` ${nextWords([]).join(' ')}` : '';
    return (
      `    ${pattern})\n` +
      (values.length === 0 ? '' : `      case "$prev" in\n${values.join('')}      esac\n`) +
      `      COMPREPLY=($(compgen -W "${words}${more}" -- "$cur")${files}) ;;\n`
    );
  });
  const groups = groupWords.map(
    (word) =>
      `  if [ "$COMP_CWORD" = 2 ] && [ "\${COMP_WORDS[1]}" = ${word} ]; then\n` +
      `    COMPREPLY=($(compgen -W "${nextWords([word]).join(' ')} --help" -- "$cur"))\n` +
      '    return\n  fi\n',
  );
  return (
    '# Completion of sluice for bash: source <(sluice completion bash)\n' +
    '_sluice() {\n' +
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"\n' +
    groups.join('') +
    '  case "${COMP_WORDS[*]:1}" in\n' +
    `${cases.join('')}  esac\n` +
    '}\n' +
    'complete -o filenames -F _sluice sluice\n'
  );
}

function zsh(): string {
  const text = (value: string): string => value.replace(/[[\]:\\]/g, '\\$&');
  const specs = (command: CommandHelp): string => {
    const flags = command.flags.map((flag) => {
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
  const cases = named.map(({ words, ...command }) => {
    const pattern = words.length === 1 ? `${words[0]}*` : words.join(' ');
    const shift = words.length;
    return `    ${quoted(pattern).replaceAll("*'", "'*")}) shift ${shift} words; (( CURRENT -= ${shift} )); _arguments ${specs({ words, ...command })} ;;\n`;
  });
  const groups = groupWords.map(
    (word) =>
      `  if (( CURRENT == 3 )) && [[ $words[2] == ${word} ]]; then compadd -- ${nextWords([word]).join(' ')} --help; return; fi\n`,
  );
  return (
    '#compdef sluice\n' +
    '# Completion of sluice for zsh: source <(sluice completion zsh)\n' +
    '_sluice() {\n' +
    groups.join('') +
    '  case "$words[2]${words[3]:+ $words[3]}" in\n' +
    cases.join('') +
    `    *) if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then compadd -- ${nextWords([]).join(' ')}; else _arguments ${specs(agent)}; fi ;;\n` +
    '  esac\n' +
    '}\n' +
    'if [ "$funcstack[1]" = _sluice ]; then _sluice "$@"; else compdef _sluice sluice; fi\n'
  );
}

function fish(): string {
  const none = `not __fish_seen_subcommand_from ${nextWords([]).join(' ')}`;
  const lines = [
    '# Completion of sluice for fish: sluice completion fish | source',
    'complete -c sluice -f',
  ];
  for (const word of nextWords([])) {
    const [first] = named.filter(({ words }) => words[0] === word);
    const about = first.words.length === 1 ? ` -d ${quoted(first.text)}` : '';
    lines.push(`complete -c sluice -n ${quoted(none)} -a ${word}${about}`);
  }
  for (const { words, flags, text, completes } of commands) {
    const [first, second] = words as (string | undefined)[];
    const seen = [first, second]
      .filter((word) => word !== undefined)
      .map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = quoted(seen.length === 0 ? none : seen.join('; and '));
    if (second !== undefined) {
      const others = nextWords([first!]).join(' ');
      const open = `${seen[0]}; and not __fish_seen_subcommand_from ${others}`;
      lines.push(`complete -c sluice -n ${quoted(open)} -a ${second} -d ${quoted(text)}`);
    }
    for (const { name, short, value, completes: values, text: about } of flags) {
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
        `complete -c sluice -n ${condition}${letter} -l ${name}${takes} -d ${quoted(about)}`,
      );
    }
    if (completes === 'file') lines.push(`complete -c sluice -n ${condition} -F`);
    else if (completes !== undefined) {
      lines.push(`complete -c sluice -n ${condition} -a ${quoted(completes.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
