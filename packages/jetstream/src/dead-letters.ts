import type { JsMsg } from '@nats-io/jetstream';
import type { Session } from './connection.js';
import { escapeText } from './escape.js';
import { explained } from './errors.js';
import { DEAD_REASON, DEAD_SEQUENCE, DEAD_STREAM } from './headers.js';

/**
 * Publishes a message that is given up, with its headers and what they do not say: why, and where it
 * was.
 *
 * @returns when a stream has it
 * @throws JetStreamPluginError where none takes it
 */
export async function buryMessage(
  { client, js }: Session,
  subject: string,
  message: JsMsg,
  reason: string,
): Promise<void> {
  const { stream, streamSequence, timestampNanos } = message.info;
  const headers = client.transport.headers();
  for (const [name, values] of message.headers ?? []) {
    // What the publisher expected of the other stream, and its id there, hold no longer.
    if (/^nats-/i.test(name)) continue;
    for (const value of values) headers.append(name, value);
  }
  headers.set(DEAD_REASON, escapeText(reason.slice(0, 500)).replaceAll('%20', ' '));
  headers.set(DEAD_STREAM, stream);
  headers.set(DEAD_SEQUENCE, String(streamSequence));
  const id = `${stream}-${streamSequence}-${timestampNanos}`;
  try {
    await js.publish(subject, message.data, { headers, msgID: id });
  } catch (error) {
    throw explained(error, `publishing a dead letter to ${subject}`);
  }
}
