import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { JetStreamPluginError } from './errors.js';
import type { JetStreamOutputConfig } from './output-section.js';
import type { PluginContext } from '@sluice/plugin';
import type { Session } from './connection.js';
import { covers } from './subject.js';

const NANOSECONDS = 1e9;

/**
 * Makes sure that the stream is there and takes the subjects of an output; creates it where that is
 * asked for. An existing stream is never changed.
 *
 * @param pattern the subjects that the output publishes to
 * @throws JetStreamPluginError where it is not there or does not take them
 */
export async function setUpStream(
  { jsm }: Session,
  config: JetStreamOutputConfig,
  pattern: string,
  log: PluginContext['log'],
): Promise<void> {
  let info: StreamInfo;
  try {
    info = await jsm.streams.info(config.stream);
  } catch (error) {
    if ((error as Error).name !== 'StreamNotFoundError') throw error;
    if (!config.createStream) {
      throw new JetStreamPluginError(
        'ERR_SLUICE_JETSTREAM_STREAM',
        `the stream ${config.stream} does not exist; create it, or write create_stream true`,
        { cause: error },
      );
    }
    info = await create();
  }
  const { sealed } = info.config;
  // A mirror has none.
  const subjects = (info.config.subjects as string[] | undefined) ?? [];
  if (!subjects.some((subject) => covers(subject, pattern))) {
    throw new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_STREAM',
      `the stream ${config.stream} takes ${subjects.join(', ') || 'no subject'}, not ${pattern}`,
    );
  }
  if (sealed) {
    throw new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_STREAM',
      `the stream ${config.stream} is sealed: it takes nothing any more`,
    );
  }
  if (config.createStream) warnOfDifferences(info.config);

  async function create(): Promise<StreamInfo> {
    const wanted = streamConfig(config, pattern);
    try {
      const created = await jsm.streams.add(wanted);
      log.info({ stream: config.stream, replicas: config.replicas }, 'created the stream');
      return created;
    } catch (error) {
      // Another agent was faster, with other words perhaps.
      if ((error as Error).message.includes('already in use'))
        return jsm.streams.info(config.stream);
      throw error;
    }
  }

  function warnOfDifferences(found: StreamConfig): void {
    const wanted = streamConfig(config, pattern);
    for (const name of Object.keys(wanted) as (keyof typeof wanted)[]) {
      if (name === 'subjects' || wanted[name] === found[name]) continue;
      log.warn(
        { stream: config.stream, parameter: name, wanted: wanted[name], found: found[name] },
        `the stream ${config.stream} exists with another ${name}; it is used as it is`,
      );
    }
  }
}

function streamConfig(
  config: JetStreamOutputConfig,
  pattern: string,
): Partial<StreamConfig> & { name: string } {
  return {
    name: config.stream,
    subjects: config.subjects ?? [pattern],
    num_replicas: config.replicas,
    storage: config.storage,
    retention: config.retention,
    discard: config.discard,
    max_age: Math.round((config.maxAge ?? 0) * NANOSECONDS),
    max_bytes: config.maxBytes ?? -1,
    duplicate_window: Math.round(config.duplicateWindow * NANOSECONDS),
  };
}
