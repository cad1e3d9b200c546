import type { LogOptions } from '@sluice/log';
import type { ReadConfig } from './config-recording.js';

/** What the agent is to run, as the command line says it. */
export interface AgentSettings {
  /** The configuration's main file, as it was given. */
  readonly config: string;
  /** Is appended to the configuration file's text. */
  readonly inlineConfig?: string | undefined;
  /** In place of the configuration's `workers`. */
  readonly workers?: number | undefined;
  /** Modules of plugins, by path or package. */
  readonly plugins?: readonly string[] | undefined;
  /** Refuse a configuration that gives warnings. Default: false. */
  readonly strict?: boolean | undefined;
  readonly log: Omit<LogOptions, 'write' | 'workerId'>;
}

/** How one worker is to run. */
export interface WorkerSettings extends AgentSettings {
  /** From 0. */
  readonly workerId: number;
  /** Undefined where this worker is the one that reads the configuration. */
  readonly read: ReadConfig | undefined;
}

/** What the primary says to a worker. */
export type ToWorker =
  | { readonly agent: 'run'; readonly settings: WorkerSettings }
  | { readonly agent: 'flush' }
  | { readonly agent: 'ping' }
  | { readonly agent: 'stop' };

/** What a worker says to the primary. */
export type ToPrimary =
  /** The worker's code is loaded, and it can be told to run. */
  | { readonly agent: 'loaded' }
  /** The configuration has been read, from the disk. */
  | { readonly agent: 'read'; readonly read: ReadConfig }
  /** All plugins have started. */
  | { readonly agent: 'ready' }
  /** It cannot run; `text` is for people. */
  | { readonly agent: 'failed'; readonly text: string }
  | { readonly agent: 'pong' };

/** The channel carries messages of others too: of node:cluster, shared listeners, ticket keys. */
export function isToWorker(message: unknown): message is ToWorker {
  return hasName(message);
}

export function isToPrimary(message: unknown): message is ToPrimary {
  return hasName(message);
}

function hasName(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'agent' in message;
}
