import { ConfigError, loadConfig } from '@sluice/config';
import { LifecycleError, PluginLoadError } from '@sluice/plugin';
import { loadPlugins } from '../load-plugins.js';
import { createLog, type LogOptions, type RootLog } from '@sluice/log';
import { buildPipeline } from '../pipeline/build-pipeline.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { warnOfGaps } from '../pipeline/warn-of-gaps.js';
import { readSystem } from './system-settings.js';
import { recordConfig, recordedFiles } from './config-recording.js';
import type { ReadConfig } from './config-recording.js';
import type { WorkerSettings } from './messages.js';
import { countWarnings, hearingWarnings, StrictError } from './strict.js';
import { workersOf } from './system-workers.js';

/** What runs in a worker: one pipeline, from its start to its end. */
export class WorkerHost {
  #stopped: Promise<boolean> | undefined;

  private constructor(
    readonly pipeline: Pipeline,
    readonly log: RootLog,
  ) {}

  /**
   * @param onRead told what was read, where this worker is the one to read the configuration
   * @throws ConfigError, PluginLoadError or LifecycleError
   */
  static async start(
    settings: WorkerSettings,
    onRead?: (read: ReadConfig) => void,
  ): Promise<WorkerHost> {
    const { config, inlineConfig, workerId } = settings;
    // Each worker sees the same files: the first one warns of what is odd in them.
    const isStrict = settings.strict === true && workerId === 0;
    const heard = (look: LogOptions): LogOptions =>
      isStrict ? { ...look, level: hearingWarnings(look.level) } : look;
    const log = createLog({ ...heard(settings.log), workerId });
    const strict = isStrict ? countWarnings(log) : undefined;
    let { read } = settings;
    if (read === undefined) {
      read = await recordConfig(
        config,
        inlineConfig,
        (root) => settings.workers ?? workersOf(root),
      );
      onRead?.(read);
    }
    const { workers, recording } = read;
    const files = recordedFiles(recording);
    const root = await loadConfig(config, { files, workerId, ...(workerId === 0 && { log }) });
    const system = readSystem(root, workerId === 0 ? log : undefined);
    log.change(heard({ ...system.log, ...settings.log }));
    if (system.processName !== undefined)
      process.title = `${system.processName}: worker ${workerId}`;
    if (workerId === 0) warnOfGaps(root, { log, withoutSource: system.withoutSource });
    const registry = await loadPlugins(settings, root);
    const pipeline = buildPipeline(root, { registry, ...system, log, workerId, workers });
    strict?.check();
    pipeline.listenTo(log);
    await pipeline.start();
    return new WorkerHost(pipeline, log);
  }

  /** Writes out what outputs hold back, and reopens their files. */
  async flush(): Promise<void> {
    const errors = await this.pipeline.flush();
    if (errors === 0) this.log.info({}, 'outputs flushed');
  }

  /** Whether the stop has lost events that were acknowledged. */
  get hasLost(): boolean {
    return this.pipeline.lostAtStop > 0;
  }

  /** Drains and stops. @returns whether nothing went wrong on the way; what did is logged */
  stop(): Promise<boolean> {
    return (this.#stopped ??= this.pipeline.stop().then((errors) => errors.length === 0));
  }
}

/** What is wrong, for people; undefined for an error that is a bug of this program. */
export function failureText(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.format();
  if (error instanceof StrictError) return `sluice: ${error.message}`;
  if (error instanceof PluginLoadError) return `sluice: ${error.format()}`;
  let reason = error;
  while (reason instanceof LifecycleError && reason.cause !== undefined) reason = reason.cause;
  // Its own errors (a port in use, a file that is not to be read) come wrapped, or from the system.
  if (reason === error && (error as NodeJS.ErrnoException).syscall === undefined) return undefined;
  return `sluice: ${reason instanceof Error ? reason.message : String(reason)}`;
}
