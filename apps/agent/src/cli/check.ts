import { checkFile, checkText, summaryText, type CheckedFile } from '@sluice/cli-tools';
import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { createLog } from '@sluice/log';
import { PluginLoadError } from '@sluice/plugin';
import { complain } from '../complain.js';
import { loadPlugins } from '../load-plugins.js';
import { buildPipeline } from '../pipeline/build-pipeline.js';
import { checkFlags } from './commands.js';
import { readConfigs } from './read-configs.js';

/**
 * `sluice check FILE…`: what the files of a Fluentd installation need to run here. Nothing is
 * started, and no port, folder or certificate is looked at: that does `--dry-run`.
 *
 * @returns the exit code: 0 where all files run as they are, else 1
 */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, checkFlags);
  const { format = 'text', plugin } = values;
  if (positionals.length === 0) throw new UsageError('sluice check needs a file');
  if (format !== 'text' && format !== 'json') {
    throw new UsageError(`--format is text or json, not "${format}"`);
  }
  const all: CheckedFile[] = [];
  try {
    for (const path of positionals) all.push(await checkAsRun(path!, plugin));
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    complain(error.format());
    return 1;
  }
  if (format === 'json') process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  else {
    process.stdout.write(all.map(checkText).join('\n'));
    if (all.length > 1) process.stdout.write(`\n${summaryText(all)}`);
  }
  return all.every(({ ok }) => ok) ? 0 : 1;
}

/** Checks a file with the plugins that the agent would run it with. */
export function checkAsRun(path: string, plugins?: readonly string[]): Promise<CheckedFile> {
  const warnings = new Set<string>();
  // A line without its time, level and end.
  const plain = (line: string): string =>
    line.trimEnd().replace(/^\S+ \S+ \S+ \[\w+\]: (?:#\d+ )?/, '');
  const log = createLog({ level: 'warn', write: (line) => void warnings.add(plain(line)) });
  async function* workers() {
    for (const { workerId, root, system } of await readConfigs({ config: path, log })) {
      const registry = await loadPlugins({ config: path, plugins }, root);
      const build = () => void buildPipeline(root, { registry, ...system, log, workerId });
      yield { root, registry, build };
    }
  }
  return checkFile(path, workers(), warnings);
}
