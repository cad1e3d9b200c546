import { ConfigError, ConfigErrors } from '@sluice/config';
import { PluginLoadError } from '@sluice/plugin';
import { loadPlugins } from '../load-plugins.js';
import { createLog, type LogOptions, type RootLog } from '@sluice/log';
import { buildPipeline } from '../pipeline/build-pipeline.js';
import { complain } from '../complain.js';
import { isEmpty, sourceGap, warnOfGaps } from '../pipeline/warn-of-gaps.js';
import type { LaunchOptions } from '../processes/launch-options.js';
import { countWarnings, hearingWarnings, warningsText } from '../processes/strict.js';
import { readConfigs } from './read-configs.js';

/**
 * Checks a configuration as every worker would read it, and what would keep the agent from starting
 * with it: plugins, certificates, ports, folders. The last line says how many warnings there were.
 *
 * @returns the exit code: 1 for any mistake, and with `strict` for any warning
 */
export async function dryRun(options: LaunchOptions): Promise<number> {
  const log = warningLog(options.log);
  const warnings = countWarnings(log);
  const problems = await problemsOf(options, log);
  for (const problem of problems) complain(problem);
  const odd = warnings.count > 0 ? warningsText(warnings.count) : undefined;
  if (problems.size > 0 || (odd !== undefined && options.strict === true)) {
    const errors = problems.size === 1 ? '1 error' : `${problems.size} errors`;
    const found = [problems.size > 0 ? errors : undefined, odd].filter(
      (text) => text !== undefined,
    );
    complain(`${options.config}: ${found.join(' and ')}`);
    return 1;
  }
  process.stdout.write(`${options.config}: OK${odd === undefined ? '' : `, with ${odd}`}\n`);
  return 0;
}

/** A log whose warnings can be counted, also where nobody wants to see them. */
function warningLog(look: LogOptions = {}): RootLog {
  const level = hearingWarnings(look.level);
  const hide = level !== (look.level ?? 'info');
  return createLog({ ...look, level, ...(hide && { write: () => undefined }) });
}

/** All that is wrong, each once: workers mostly meet the same mistakes. */
async function problemsOf(options: LaunchOptions, log: RootLog): Promise<Set<string>> {
  const problems = new Set<string>();
  const keep = (error: unknown): void => {
    if (error instanceof ConfigErrors) for (const one of error.errors) problems.add(one.format());
    else if (error instanceof ConfigError || error instanceof PluginLoadError) {
      problems.add(error.format());
    } else throw error;
  };
  try {
    for (const { workerId, root, system } of await readConfigs({ ...options, log })) {
      // What is odd is said once.
      const pipelineLog = workerId === 0 ? log : createLog({ ...options.log, level: 'error' });
      if (workerId === 0) {
        // A start only warns: whoever checks an empty file wants to know that it does nothing.
        const gap = isEmpty(root) ? sourceGap(root, system.withoutSource) : undefined;
        if (gap !== undefined) problems.add(`${options.config}: ${gap}`);
        warnOfGaps(root, { log, withoutSource: system.withoutSource || gap !== undefined });
      }
      try {
        const registry = await loadPlugins(options, root);
        const pipeline = buildPipeline(root, { registry, ...system, log: pipelineLog, workerId });
        for (const problem of await pipeline.startProblems()) keep(problem);
      } catch (error) {
        keep(error);
      }
    }
  } catch (error) {
    keep(error);
  }
  return problems;
}
