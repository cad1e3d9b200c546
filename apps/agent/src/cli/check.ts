import { PluginLoadError } from '@sluice/plugin';
import { checkFile, type CheckedFile } from '../check/check-file.js';
import { checkText, summaryText } from '../check/check-text.js';
import { complain } from '../complain.js';
import { parseFlags, UsageError } from './flags.js';
import { usageOf } from './usage.js';

/**
 * `sluice check FILE…`: what the files of a Fluentd installation need to run here. Nothing is
 * started, and no port, folder or certificate is looked at: that does `--dry-run`.
 *
 * @returns the exit code: 0 where all files run as they are, else 1
 */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    plugin: { type: 'string', short: 'p', multiple: true },
    format: { type: 'string', default: 'text' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) {
    process.stdout.write(usageOf(['check']));
    return 0;
  }
  if (positionals.length === 0) throw new UsageError('sluice check needs a file');
  if (values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`--format is text or json, not "${values.format}"`);
  }
  const all: CheckedFile[] = [];
  try {
    for (const path of positionals) all.push(await checkFile(path, values.plugin));
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    complain(error.format());
    return 1;
  }
  if (values.format === 'json') process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  else {
    process.stdout.write(all.map(checkText).join('\n'));
    if (all.length > 1) process.stdout.write(`\n${summaryText(all)}`);
  }
  return all.every(({ ok }) => ok) ? 0 : 1;
}
