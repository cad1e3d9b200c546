import {
  completionScript,
  parseFlags,
  shells,
  UsageError,
  usage,
  usageOf,
} from '@sluice/cli-tools/command-line';
import { logLevels, type LogLevel } from '@sluice/log/levels';
import { complain } from '../complain.js';
import { version } from '../own-package.js';
import { defaultConfig } from './default-config.js';
import { commandLine, completionFlags, runFlags } from './commands.js';
import { run } from './run.js';

/** `info`, moved by so many -v and -q; without any the configuration decides. */
function logLevel(verbose: number, quiet: number): LogLevel | undefined {
  if (verbose + quiet === 0) return undefined;
  const index = logLevels.indexOf('info') - verbose + quiet;
  return logLevels[Math.min(Math.max(index, 0), logLevels.length - 1)];
}

function workerCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new UsageError(`--workers is a number from 1 to 256, not "${text}"`);
}

function octal(text: string): number {
  if (/^0?[0-7]{1,3}$/.test(text)) return parseInt(text, 8);
  throw new UsageError(`--umask is an octal number such as 027, not "${text}"`);
}

async function runCommand(args: string[], onReady?: () => void): Promise<number> {
  const { values, positionals } = parseFlags(args, runFlags);
  if (values.help === true) {
    process.stdout.write(
      usage(commandLine, [['--dry-run -c FILE', 'only check the configuration']]),
    );
    return 0;
  }
  if (values.version === true) {
    process.stdout.write(`sluice ${version()}\n`);
    return 0;
  }
  if (positionals.length > 0) throw new UsageError(`unknown command "${positionals[0]}"`);
  const config = values.config ?? defaultConfig();
  if (config === undefined) {
    const other = Object.keys(values).find((name) => name !== 'plain');
    if (other !== undefined) throw new UsageError(`--${other} needs a configuration file: -c FILE`);
    return (await import('./playground.js')).playground(args, onReady);
  }
  if (values.plain === true) throw new UsageError('--plain does not go with a configuration');
  if (values.config === undefined) complain(`sluice: the configuration is ${config}`);
  const format = values['log-format'];
  if (format !== undefined && format !== 'text' && format !== 'json') {
    throw new UsageError(`--log-format is text or json, not "${format}"`);
  }
  if (values.daemon !== undefined) {
    throw new UsageError('--daemon: sluice stays in the foreground, where systemd wants it');
  }
  const { 'inline-config': inlineConfig, 'pid-file': pidFile, workers, umask } = values;
  const level = logLevel(values.verbose?.length ?? 0, values.quiet?.length ?? 0);
  return run({
    config,
    dryRun: values['dry-run'] === true,
    strict: values.strict === true,
    supervisor: values['no-supervisor'] !== true,
    log: { ...(level && { level }), ...(format && { format }) },
    ...(values.plugin !== undefined && { plugins: values.plugin }),
    ...(inlineConfig !== undefined && { inlineConfig }),
    ...(pidFile !== undefined && { pidFile }),
    ...(workers !== undefined && { workers: workerCount(workers) }),
    ...(umask !== undefined && { umask: octal(umask) }),
    ...(onReady && { onReady }),
  });
}

type Run = (args: string[], onReady?: () => void) => number | Promise<number>;

/** By its words, what a command does: imported when it is asked for. */
const commands: Readonly<Record<string, () => Run | Promise<Run>>> = {
  bench: async () => (await import('./bench.js')).bench,
  'buffer list': async () => (await import('./buffer-commands.js')).listBuffer,
  'buffer show': async () => (await import('./buffer-commands.js')).showBuffer,
  'buffer export': async () => (await import('./buffer-commands.js')).exportBuffer,
  cat: async () => (await import('./cat.js')).cat,
  check: async () => (await import('./check.js')).check,
  completion: () => completion,
  'config show': async () => (await import('./config-show.js')).showConfig,
  playground: async () => (await import('./playground.js')).playground,
  'plugin list': async () => (await import('./plugin-commands.js')).listPlugins,
  'plugin show': async () => (await import('./plugin-commands.js')).showPlugin,
  top: async () => (await import('./top.js')).top,
};

/** Prints what makes a shell complete words. */
function completion(args: string[]): number {
  const [shell, extra] = parseFlags(args, completionFlags).positionals;
  const known = shells.find((name) => name === shell);
  if (known === undefined || extra !== undefined) {
    throw new UsageError(`completion takes one of ${shells.join(', ')}`);
  }
  process.stdout.write(completionScript(known, commandLine));
  return 0;
}

async function runNamed(args: string[], onReady?: () => void): Promise<number> {
  const [first, second] = args as [string, string | undefined];
  const group = Object.keys(commands).filter((words) => words.startsWith(`${first} `));
  const words = group.length === 0 ? [first] : [first, ...(second === undefined ? [] : [second])];
  const command = commands[words.join(' ')] as (typeof commands)[string] | undefined;
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(usageOf(commandLine, command === undefined ? [first] : words));
    return 0;
  }
  if (command === undefined) {
    const all = group.map((name) => `sluice ${name}`).join(', ');
    throw new UsageError(`the ${group.length === 1 ? 'command is' : 'commands are'}: ${all}`);
  }
  return (await command())(args.slice(words.length), onReady);
}

/**
 * The command `sluice`.
 *
 * @param args the arguments after the command's name
 * @param hooks.onReady called when the agent is listening
 * @returns the exit code: 0 good, 1 for whatever failed, 2 for a wrong command line
 */
export async function main(args: string[], hooks: { onReady?: () => void } = {}): Promise<number> {
  try {
    const isNamed = Object.keys(commands).some((words) => words.split(' ')[0] === args.at(0));
    return await (isNamed ? runNamed : runCommand)(args, hooks.onReady);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`sluice: ${error.message}\nTry: sluice --help`);
    return 2;
  }
}
