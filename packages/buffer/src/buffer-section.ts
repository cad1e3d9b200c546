import { defineSection, param, t, type CheckContext, type SectionOf } from '@sluice/config';
import { TimeZoneError, zoneOffset } from '@sluice/plugin';
import { readChunkKeys } from './chunk-keys.js';

const noPolling = 'a chunk is written as soon as it is due';
const ownSizes = 'what is compressed tells its size, and nothing longer comes out of it';

/**
 * `<buffer>` in front of any output, with Fluentd's names and defaults; where the chunks are kept is
 * read by the store that its `@type` names.
 */
export const bufferSection = defineSection({
  name: 'buffer',
  description:
    'Keeps events and writes them later: they are acknowledged when the store (@type memory or file) has them.',
  argument: {
    chunkKeys: t
      .string()
      .default('')
      .describe('What divides events into chunks besides the tag: time, fields, $.nested.fields'),
  },
  params: {
    flushMode: t
      .enum(['default', 'interval', 'immediate', 'lazy'])
      .default('default')
      .describe(
        'interval; immediate: at once; lazy: when a chunk is full or its time slice is over (default: interval, with time as a chunk key lazy)',
      ),
    flushInterval: t
      .time({ min: 0 })
      .default(60)
      .describe('Seconds from the first event of a chunk until it is written'),
    flushThreadCount: t.integer({ min: 1 }).default(1).describe('Chunks written at a time'),
    flushThreadInterval: param(t.time().optional(), { deprecated: noPolling }),
    flushThreadBurstInterval: param(t.time().optional(), { deprecated: noPolling }),
    delayedCommitTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe(
        'Seconds after which a write that has not settled no longer keeps the chunks of other tags waiting',
      ),
    flushAtShutdown: t
      .bool()
      .optional()
      .describe(
        'Write what is left when the agent stops (default: true, for stores that survive the process false)',
      ),
    shutdownTimeout: t
      .time()
      .default(10)
      .describe('Seconds for that. What is left then stays in the store, or is given up'),
    slowFlushLogThreshold: t
      .float({ min: 0 })
      .default(20)
      .describe('A write that takes more seconds is logged. Stands in the section of the output'),
    chunkLimitSize: t
      .size({ min: 1 })
      .optional()
      .describe('Bytes of one chunk (default: 8m, with @type file 256m)'),
    chunkLimitRecords: t
      .integer({ min: 1 })
      .optional()
      .describe('Events of one chunk (default: no limit)'),
    chunkFullThreshold: t
      .float({ min: 0.01, max: 1 })
      .default(0.95)
      .describe('A chunk is written when it has this part of chunk_limit_size'),
    totalLimitSize: t
      .size({ min: 1 })
      .optional()
      .describe('Bytes of all chunks (default: 512m, with @type file 64g)'),
    queueLimitLength: param(t.integer({ min: 1 }).optional(), {
      deprecated: 'total_limit_size is chunk_limit_size so many times',
    }),
    queuedChunksLimitSize: t
      .integer({ min: 1 })
      .optional()
      .describe(
        'While so many chunks wait to be written, others take events until they are full (default: no limit)',
      ),
    decompressionSizeLimit: param(t.size().optional(), { deprecated: ownSizes }),
    overflowAction: t
      .enum(['throw_exception', 'block', 'drop_oldest_chunk'])
      .default('throw_exception')
      .describe('What to do with events when the buffer is full'),
    timekey: t.time({ min: 1 }).optional().describe('Seconds of a time slice (default: a day)'),
    timekeyWait: t
      .time({ min: 0 })
      .default(600)
      .describe('Seconds after the end of a time slice until its chunks are written'),
    timekeyUseUtc: t.bool().default(false).describe('Time slices begin at full UTC times'),
    timekeyZone: t
      .string()
      .optional()
      .describe('Zone of time slices: +09:00 or Asia/Tokyo (default: that of the process)'),
    retryType: t
      .enum(['exponential_backoff', 'periodic'])
      .default('exponential_backoff')
      .describe('How the wait between attempts grows'),
    retryWait: t.time({ min: 0.001 }).default(1).describe('Seconds until the first retry'),
    retryExponentialBackoffBase: t
      .float({ min: 1 })
      .default(2)
      .describe('The wait grows by this factor'),
    retryMaxInterval: t
      .time({ min: 0.001 })
      .optional()
      .describe('The longest wait in seconds (default: no limit)'),
    retryRandomize: t.bool().default(true).describe('Vary each wait by an eighth'),
    retryTimeout: t
      .time({ min: 0.001 })
      .default(72 * 3600)
      .describe('Seconds after the first failure when a chunk is given up'),
    retryMaxTimes: t
      .integer({ min: 0 })
      .optional()
      .describe('Retries after which a chunk is given up (default: no limit)'),
    retryForever: t.bool().default(false).describe('Never give a chunk up because of its retries'),
    retrySecondaryThreshold: t
      .float({ min: 0, max: 1 })
      .default(0.8)
      .describe('<secondary> is tried after this part of retry_timeout or retry_max_times'),
    disableChunkBackup: t
      .bool()
      .default(false)
      .describe('Drop what is given up, in place of setting it aside in a folder'),
    backupPath: t
      .string()
      .optional()
      .describe(
        'Folder for what is given up (default: backup in the path of @type file, else one for temporary files)',
      ),
  },
  check: (value, context) => {
    const { time } = readChunkKeys(value.chunkKeys, context.element);
    const { chunkLimitSize, totalLimitSize = Infinity, timekey } = value;
    if (chunkLimitSize !== undefined && chunkLimitSize > totalLimitSize) {
      throw context.error(
        'chunkLimitSize',
        'chunk_limit_size is larger than total_limit_size',
        'one chunk has to fit into the buffer',
      );
    }
    if (timekey !== undefined && !Number.isInteger(timekey)) {
      throw context.error('timekey', 'timekey must be whole seconds');
    }
    checkZone(value.timekeyZone, context);
    const { params } = context.element;
    const unused = time
      ? []
      : ['timekey', 'timekey_wait', 'timekey_use_utc', 'timekey_zone'].filter((name) =>
          params.has(name),
        );
    if (unused.length > 0) {
      const { file, line } = context.element.location;
      context.log?.warn(
        { file, line, parameters: unused.join(', ') },
        `${file}:${line}: ${unused.join(', ')} has no effect without the chunk key time: write <buffer time>`,
      );
    }
  },
});

function checkZone(zone: string | undefined, context: CheckContext): void {
  if (zone === undefined) return;
  try {
    zoneOffset(zone);
  } catch (error) {
    if (!(error instanceof TimeZoneError)) throw error;
    throw context.error('timekeyZone', error.message, 'write +09:00, +0900 or Asia/Tokyo');
  }
}

/** What a `<buffer>` is read into. */
export type BufferConfig = SectionOf<typeof bufferSection>;
