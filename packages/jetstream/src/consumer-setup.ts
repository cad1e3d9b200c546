import type { ConsumerInfo, ConsumerUpdateConfig } from '@nats-io/jetstream';
import type { PluginContext } from '@sluice/plugin';
import type { Session } from './connection.js';
import { JetStreamPluginError } from './errors.js';
import type { JetStreamInputConfig } from './input-section.js';
import { covers } from './subject.js';

const NANOSECONDS = 1e9;

/** What an input has to know of its stream. */
export interface StreamFacts {
  /** Whether a message that is acknowledged or given up stays in the stream. */
  readonly keepsAcknowledged: boolean;
}

/**
 * Creates the durable consumer where it does not exist, and gives an existing one the settings of
 * the section. JetStream's own `max_deliver` stays unlimited: the input counts by itself, so that a
 * message whose last reader died becomes a dead letter, too.
 *
 * @throws JetStreamPluginError where there is no stream, or a consumer of another kind
 */
export async function setUpConsumer(
  { jsm }: Session,
  config: JetStreamInputConfig,
  log: PluginContext['log'],
): Promise<StreamFacts> {
  const { stream, durable, deadLetterSubject } = config;
  const { config: streamConfig } = await jsm.streams.info(stream).catch((error: unknown) => {
    if ((error as Error).name !== 'StreamNotFoundError') throw error;
    // It may come: an agent that publishes may create it.
    throw new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_UNAVAILABLE',
      `the stream ${stream} does not exist (yet)`,
      { cause: error },
    );
  });
  const { retention } = streamConfig;
  // A mirror has none.
  const subjects = (streamConfig.subjects as string[] | undefined) ?? [];
  if (
    deadLetterSubject !== undefined &&
    config.filterSubject === undefined &&
    subjects.some((subject) => covers(subject, deadLetterSubject))
  ) {
    throw new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_STREAM',
      `the stream ${stream} takes dead_letter_subject ${deadLetterSubject}, so dead letters would ` +
        'come in again: take another subject, or a filter_subject without it',
    );
  }
  const wanted: ConsumerUpdateConfig = {
    ack_wait: Math.round(config.ackWait * NANOSECONDS),
    max_ack_pending: config.maxAckPending,
    max_deliver: -1,
    ...(config.filterSubject !== undefined && { filter_subject: config.filterSubject }),
  };
  const found = await jsm.consumers.info(stream, durable).catch((error: unknown) => {
    if ((error as Error).name !== 'ConsumerNotFoundError') throw error;
    return undefined;
  });
  if (found === undefined) {
    await jsm.consumers.add(stream, {
      ...wanted,
      durable_name: durable,
      ack_policy: 'explicit',
      deliver_policy: config.deliverPolicy,
    });
    log.info({ stream, durable }, 'created the consumer');
  } else {
    checkKind(found, config);
    const differs = (Object.keys(wanted) as (keyof typeof wanted)[]).some(
      (name) => wanted[name] !== found.config[name as keyof typeof found.config],
    );
    if (differs) await jsm.consumers.update(stream, durable, wanted);
  }
  return { keepsAcknowledged: retention === 'limits' };
}

function checkKind({ config: found }: ConsumerInfo, config: JetStreamInputConfig): void {
  const { stream, durable, filterSubject } = config;
  const wrong = (what: string): JetStreamPluginError =>
    new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_CONSUMER',
      `the consumer ${durable} of the stream ${stream} ${what}: take another durable, or delete it`,
    );
  if (found.deliver_subject !== undefined) throw wrong('is a push consumer');
  if (found.ack_policy !== 'explicit') throw wrong(`has ack_policy ${found.ack_policy}`);
  const filter = found.filter_subject;
  if (filter !== filterSubject && !(filter === '' && filterSubject === undefined)) {
    throw wrong(`has filter_subject ${filter ?? '(none)'}, not ${filterSubject ?? '(none)'}`);
  }
}
