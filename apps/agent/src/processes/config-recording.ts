import {
  diskFiles,
  dumpConfig,
  loadConfig,
  type ConfigElement,
  type ConfigFiles,
} from '@sluice/config';
import { readSystem } from './system-settings.js';
import type { LogOptions } from '@sluice/log';
import type { RpcSettings } from './rpc-server.js';

/** The files of a configuration as they were when it was read; goes through JSON. */
export interface ConfigRecording {
  readonly texts: Record<string, string>;
  readonly realPaths: Record<string, string>;
  /** By base path and pattern. */
  readonly found: Record<string, string[]>;
}

/** What one worker has found in the configuration, for all the others. */
export interface ReadConfig {
  /** How many workers there are to be. */
  readonly workers: number;
  /** How the log is to look, as the configuration says it. */
  readonly log: LogOptions;
  /** Where the primary serves calls over HTTP. */
  readonly rpc?: RpcSettings | undefined;
  /** All files of the configuration, as they were. */
  readonly recording: ConfigRecording;
}

/** Reads from the disk what is not in the recording yet, and keeps it there. */
function recorder(recording: ConfigRecording): ConfigFiles {
  return {
    read: (path) => (recording.texts[path] ??= diskFiles.read(path)),
    realPath: (path) => (recording.realPaths[path] ??= diskFiles.realPath(path)),
    find: (pattern, basePath) =>
      (recording.found[foundKey(pattern, basePath)] ??= diskFiles.find(pattern, basePath)),
  };
}

/**
 * Reads a configuration again as it was recorded: a worker that takes the place of one that has
 * crashed must run what the others run, even while somebody edits the files.
 */
export function recordedFiles(recording: ConfigRecording): ConfigFiles {
  const get = <T>(from: Record<string, T>, key: string, path: string): T => {
    if (Object.hasOwn(from, key)) return from[key];
    throw new Error(`${path} was not part of the configuration when it was read`);
  };
  return {
    read: (path) => get(recording.texts, path, path),
    realPath: (path) => get(recording.realPaths, path, path),
    find: (pattern, basePath) => get(recording.found, foundKey(pattern, basePath), pattern),
  };
}

/**
 * Reads the configuration from the disk, for every worker: `worker_id` may stand in the path of an
 * `@include`.
 *
 * @param inline is appended to the main file's text
 * @param workersOf says how many workers a configuration wants
 * @throws ConfigError for a mistake in it
 */
export async function recordConfig(
  config: string,
  inline: string | undefined,
  workersOf: (root: ConfigElement) => number,
): Promise<ReadConfig> {
  const recording: ConfigRecording = { texts: {}, realPaths: {}, found: {} };
  const files = recorder(recording);
  if (inline !== undefined) recording.texts[config] = await withInline(config, inline);
  const root = await loadConfig(config, { files, workerId: 0 });
  const workers = workersOf(root);
  if (Object.values(recording.texts).some((text) => text.includes('worker_id'))) {
    for (let workerId = 1; workerId < workers; workerId += 1) {
      await loadConfig(config, { files, workerId });
    }
  }
  const { log, rpc } = readSystem(root);
  if (rpc === undefined) return { workers, log, recording };
  const { host, port, getDump } = rpc;
  const dump = getDump ? dumpConfig(root) : undefined;
  return { workers, log, rpc: { host, port, dump }, recording };
}

async function withInline(config: string, inline: string): Promise<string> {
  await loadConfig(config); // mistakes of the file itself are reported with its own lines
  return `${diskFiles.read(config)}\n${inline}\n`;
}

function foundKey(pattern: string, basePath: string): string {
  return `${basePath}\0${pattern}`;
}
