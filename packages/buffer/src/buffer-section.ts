import { defineSection, param, t, type SectionOf } from '@sluice/config';

const mib = 1024 * 1024;

/** `<buffer>` with `@type memory`, with Fluentd's names and defaults, for any output. */
export const bufferSection = defineSection({
  name: 'buffer',
  description:
    'Keeps events in memory and writes them later: they are acknowledged before they are written.',
  argument: { chunkKeys: t.string().optional().describe('tag, or nothing') },
  params: {
    flushMode: t
      .enum(['default', 'interval', 'immediate', 'lazy'])
      .default('default')
      .describe('interval; immediate: at once; lazy: when a chunk is full or timekey is over'),
    flushInterval: t
      .time({ min: 0.001 })
      .default(60)
      .describe('Seconds from the first event of a chunk until it is written'),
    flushThreadCount: t.integer({ min: 1 }).default(1).describe('Chunks written at a time'),
    flushAtShutdown: t.bool().default(true).describe('Write what is left when the agent stops'),
    shutdownTimeout: t
      .time()
      .default(10)
      .describe('Seconds for that; what is left then is dropped, with an error in the log'),
    chunkLimitSize: t
      .size({ min: 1 })
      .default(8 * mib)
      .describe('Bytes of one chunk'),
    chunkLimitRecords: t.integer({ min: 1 }).optional().describe('Events of one chunk; any'),
    totalLimitSize: t
      .size({ min: 1 })
      .default(512 * mib)
      .describe('Bytes in the buffer, all together'),
    overflowAction: t
      .enum(['throw_exception', 'block', 'drop_oldest_chunk'])
      .default('throw_exception')
      .describe('What to do with events when the buffer is full'),
    retryType: t
      .enum(['exponential_backoff', 'periodic'])
      .default('exponential_backoff')
      .describe('How the wait between attempts grows'),
    retryWait: t.time({ min: 0.001 }).default(1).describe('Seconds until the first retry'),
    retryExponentialBackoffBase: t
      .float({ min: 1 })
      .default(2)
      .describe('The wait grows by this factor'),
    retryMaxInterval: t.time({ min: 0.001 }).optional().describe('The longest wait; none'),
    retryRandomize: t.bool().default(true).describe('Vary each wait by an eighth'),
    retryTimeout: t
      .time({ min: 0.001 })
      .default(72 * 3600)
      .describe('Seconds after which a chunk is dropped, with an error in the log'),
    retryMaxTimes: t.integer({ min: 0 }).optional().describe('Retries before that; any'),
    retryForever: t.bool().default(false).describe('Never drop a chunk because of its retries'),
    queuedChunksLimitSize: t
      .integer({ min: 1 })
      .optional()
      .describe('Accepted for Fluentd; total_limit_size is the limit'),
    timekey: param(t.string(), {
      obsoleted: 'only the file output divides events by time',
    }).optional(),
    path: param(t.string(), { obsoleted: 'a buffer in files is not supported' }).optional(),
  },
  check: (value, context) => {
    const { element } = context;
    const type = element.type ?? 'memory';
    if (type !== 'memory') {
      throw element.error(`<buffer> @type ${type} is not supported`, {
        ...(element.type !== undefined && { param: '@type' }),
        hint: 'write @type memory; without a <buffer> events are acknowledged when they are written',
      });
    }
    for (const key of chunkKeysOf(value.chunkKeys)) {
      if (key === 'tag') continue;
      throw element.error(`the chunk key ${key} is not supported`, {
        arg: true,
        hint: 'write <buffer> or <buffer tag>; time is for the file output',
      });
    }
    if (value.chunkLimitSize > value.totalLimitSize) {
      throw context.error(
        'chunkLimitSize',
        'chunk_limit_size is larger than total_limit_size',
        'one chunk has to fit into the buffer',
      );
    }
    if (value.queuedChunksLimitSize !== undefined) {
      context.log?.warn({}, 'queued_chunks_limit_size has no effect, total_limit_size has');
    }
  },
});

function chunkKeysOf(keys: string | undefined): string[] {
  return (keys ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '' && key !== '[]');
}

/** What a `<buffer>` is read into. */
export type BufferConfig = SectionOf<typeof bufferSection>;
