import type { ConfigElement } from '@sluice/config';
import { localOffset, utcOffset, zoneOffset, type ChunkStore } from '@sluice/plugin';
import type { BufferConfig } from './buffer-section.js';
import { readChunkKeys } from './chunk-keys.js';
import { Divider } from './divide.js';
import { retryPolicy, type RetryPolicy } from './retry-policy.js';

const day = 86_400;

/** A `<buffer>` with the defaults that depend on its store; times in milliseconds. */
export interface BufferSettings {
  readonly divider: Divider;
  readonly immediate: boolean;
  /** From the beginning of a chunk until it is written; Infinity where chunks are not written by age. */
  readonly flushInterval: number;
  /** From the beginning of a time slice until its chunks are written. */
  readonly sliceTime: number;
  readonly threads: number;
  readonly stuckAfter: number;
  /** From then on until the chunk of such a write is given up; Infinity where it never is. */
  readonly hungAfter: number;
  /** A write that takes longer is told. */
  readonly slowAfter: number;
  readonly flushAtShutdown: boolean;
  readonly shutdownTimeout: number;
  readonly chunkLimitSize: number;
  readonly chunkLimitRecords: number;
  /** Bytes from which on a chunk counts as full. */
  readonly fullSize: number;
  /** Events from which on a chunk counts as full. */
  readonly fullRecords: number;
  readonly totalLimitSize: number;
  readonly queueLimit: number;
  readonly overflowAction: BufferConfig['overflowAction'];
  readonly retry: RetryPolicy;
  readonly backup: boolean;
  readonly backupPath: string | undefined;
}

/** @throws ConfigError */
export function bufferSettings(
  config: BufferConfig,
  element: ConfigElement,
  store: ChunkStore,
): BufferSettings {
  const keys = readChunkKeys(config.chunkKeys, element);
  const chunkLimitSize =
    config.chunkLimitSize ?? Math.min(store.chunkLimitSize, config.totalLimitSize ?? Infinity);
  // As in Fluentd, which has it from the time before total_limit_size, it wins.
  const totalLimitSize =
    config.queueLimitLength === undefined
      ? (config.totalLimitSize ?? store.totalLimitSize)
      : config.queueLimitLength * chunkLimitSize;
  if (chunkLimitSize > totalLimitSize) {
    throw element.error(
      `chunk_limit_size is larger than the default of total_limit_size, ${totalLimitSize} bytes`,
      { param: 'chunk_limit_size', hint: 'set total_limit_size, too' },
    );
  }
  const { chunkLimitRecords = Infinity, chunkFullThreshold } = config;
  const timekey = config.timekey ?? day;
  const mode =
    config.flushMode === 'default' ? (keys.time ? 'lazy' : 'interval') : config.flushMode;
  return {
    divider: new Divider(keys, { length: timekey, offset: offsetOf(config) }),
    immediate: mode === 'immediate',
    flushInterval: mode === 'lazy' ? Infinity : config.flushInterval * 1000,
    sliceTime: (timekey + config.timekeyWait) * 1000,
    threads: config.flushThreadCount,
    stuckAfter: config.delayedCommitTimeout * 1000,
    hungAfter: config.retryForever ? Infinity : config.retryTimeout * 1000,
    slowAfter: config.slowFlushLogThreshold * 1000,
    flushAtShutdown: config.flushAtShutdown ?? !store.persistent,
    shutdownTimeout: config.shutdownTimeout * 1000,
    chunkLimitSize,
    chunkLimitRecords,
    fullSize: chunkLimitSize * chunkFullThreshold,
    fullRecords: chunkLimitRecords * chunkFullThreshold,
    totalLimitSize,
    queueLimit: config.queuedChunksLimitSize ?? Infinity,
    overflowAction: config.overflowAction,
    retry: retryPolicy(config),
    backup: !config.disableChunkBackup,
    backupPath: config.backupPath ?? store.backupFolder,
  };
}

function offsetOf({ timekeyUseUtc, timekeyZone }: BufferConfig): (seconds: number) => number {
  if (timekeyUseUtc) return utcOffset;
  return timekeyZone === undefined ? localOffset : zoneOffset(timekeyZone);
}
