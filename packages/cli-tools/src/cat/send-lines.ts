import { EventTime, type EventInput } from '@sluice/event-stream';
import { JsonLineReader, type LineResult } from './json-line-reader.js';

/** Events of one chunk. */
const chunkEvents = 1000;

/** Takes the events; a ForwardSender does. */
export interface LineSender {
  /** Sends events as one chunk; resolves when there is room for more. */
  send(tag: string, events: EventInput[]): Promise<void>;
}

/**
 * Sends each line of a text, a JSON object, as an event. The time is now.
 *
 * @param complain told what is wrong with a line that is not a JSON object; it is left out
 * @returns how many lines were left out
 */
export async function sendJsonLines(
  sender: LineSender,
  tag: string,
  input: AsyncIterable<Uint8Array>,
  complain: (text: string) => void,
): Promise<number> {
  const reader = new JsonLineReader();
  let bad = 0;
  const send = async (results: LineResult[]): Promise<void> => {
    const time = EventTime.now();
    let events: EventInput[] = [];
    for (const result of results) {
      if ('problem' in result) {
        bad += 1;
        complain(`line ${result.line}: ${result.problem}`);
        continue;
      }
      events.push({ time, record: result.record });
      if (events.length < chunkEvents) continue;
      await sender.send(tag, events);
      events = [];
    }
    await sender.send(tag, events);
  };
  for await (const bytes of input) await send(reader.push(bytes));
  await send(reader.end());
  return bad;
}
