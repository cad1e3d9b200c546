import type { ParseArgsConfig } from 'node:util';
import { logLevels, type LogLevel } from '@sluice/log/levels';
import { complain } from '../complain.js';
import { version } from '../version.js';
import { defaultConfig } from './default-config.js';
import { parseFlags, UsageError } from './flags.js';
import { run } from './run.js';
import { usage, usageOf } from './usage.js';

const runFlags = {
  config: { type: 'string', short: 'c' },
  plugin: { type: 'string', short: 'p', multiple: true },
  'dry-run': { type: 'boolean' },
  strict: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v', multiple: true },
  quiet: { type: 'boolean', short: 'q', multiple: true },
  'log-format': { type: 'string' },
  workers: { type: 'string', short: 'w' },
  'inline-config': { type: 'string', short: 'i' },
  'no-supervisor': { type: 'boolean' },
  'pid-file': { type: 'string' },
  umask: { type: 'string' },
  daemon: { type: 'string', short: 'd' },
  plain: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

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
    process.stdout.write(usage);
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

async function subcommand(command: 'config' | 'plugin', args: string[]): Promise<number> {
  const [verb, ...rest] = args as [string | undefined, ...string[]];
  if (verb === '--help' || verb === '-h') {
    process.stdout.write(usageOf([command]));
    return 0;
  }
  if (command === 'config') {
    if (verb === 'show') return (await import('./config-show.js')).showConfig(rest);
    throw new UsageError('the command is: sluice config show');
  }
  const { listPlugins, showPlugin } = await import('./plugin-commands.js');
  if (verb === 'show') return showPlugin(rest);
  if (verb === 'list') return listPlugins(rest);
  throw new UsageError('the commands are: sluice plugin list, sluice plugin show');
}

type Tool = (args: string[], onReady?: () => void) => Promise<number>;

/** Commands with options of their own. */
const tools = new Map<string | undefined, Tool>([
  ['bench', async (args) => (await import('./bench.js')).bench(args)],
  ['cat', async (args) => (await import('./cat.js')).cat(args)],
  [
    'playground',
    async (args, onReady) => (await import('./playground.js')).playground(args, onReady),
  ],
  ['top', async (args) => (await import('./top.js')).top(args)],
]);

/**
 * The command `sluice`.
 *
 * @param args the arguments after the command's name
 * @param hooks.onReady called when the agent is listening
 * @returns the exit code: 0 good, 1 for whatever failed, 2 for a wrong command line
 */
export async function main(args: string[], hooks: { onReady?: () => void } = {}): Promise<number> {
  try {
    // What the agent itself does not need is imported when it is asked for.
    const [command, ...rest] = args as [string | undefined, ...string[]];
    const tool = tools.get(command);
    if (command !== undefined && tool !== undefined) {
      if (rest.some((arg) => arg === '--help' || arg === '-h')) {
        process.stdout.write(usageOf([command]));
        return 0;
      }
      return await tool(rest, hooks.onReady);
    }
    if (command === 'buffer') {
      return await (await import('./buffer-commands.js')).bufferCommand(rest);
    }
    if (command === 'check') return await (await import('./check.js')).check(rest);
    if (command === 'completion') return (await import('./completion.js')).completion(rest);
    if (command === 'config' || command === 'plugin') return await subcommand(command, rest);
    return await runCommand(args, hooks.onReady);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`sluice: ${error.message}\nTry: sluice --help`);
    return 2;
  }
}
