import { EventStream, type EventInput } from '@sluice/event-stream';

/** An event as a test writes it: a record alone, or one with its time. */
export type TestEvent = EventInput | Readonly<Record<string, unknown>>;

/** Bytes that no MessagePack value begins with: what was kept as a view is seen to be broken. */
const overwritten = 0xc1;

/**
 * Events in memory that is used again, as an input's is.
 *
 * @param now Unix time in milliseconds of records without a time
 */
export function borrowed(
  events: EventStream | Iterable<TestEvent>,
  now: number,
): { stream: EventStream; overwrite: () => void } {
  const stream = (
    events instanceof EventStream ? events : EventStream.fromEvents(inputs(events, now))
  ).copy();
  return { stream, overwrite: () => void stream.bytes.fill(overwritten) };
}

/** Text in memory that is used again. */
export function borrowedText(text: string | Uint8Array): { bytes: Buffer; overwrite: () => void } {
  const bytes = Buffer.from(text as string);
  return { bytes, overwrite: () => void bytes.fill(overwritten) };
}

function* inputs(events: Iterable<TestEvent>, now: number): Generator<EventInput> {
  for (const event of events) {
    const { record } = event;
    yield typeof record === 'object' && record !== null && !Array.isArray(record)
      ? (event as EventInput)
      : { time: new Date(now), record: event as Record<string, unknown> };
  }
}
