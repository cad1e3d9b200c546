import { EventTime, type EventInput } from '@sluice/event-stream';
import { ForwardSender, targetOf } from '@sluice/forward-client';
import { readCatFlags } from './cat-flags.js';
import { JsonLineReader, type LineResult } from './json-line-reader.js';
import { explain } from './sender-errors.js';
import { senderOptions } from './sender-flags.js';

/** Events of one chunk. */
const chunkEvents = 1000;
function say(text: string): void {
  process.stderr.write(`sluice cat: ${text}\n`);
}

/**
 * `sluice cat TAG`: sends each line of standard input, a JSON object, as an event. The time is now.
 * Where the events went is said on standard error. Fluentd: `fluent-cat`.
 *
 * @returns 0 when every line was sent, and acknowledged unless `--no-ack`; 1 when a line is not a
 *   JSON object (the others are sent), or the server did not take the events
 */
export async function cat(args: string[]): Promise<number> {
  const options = readCatFlags(args);
  const target = targetOf(options.sender).peer;
  let sender: ForwardSender | undefined;
  try {
    sender = await ForwardSender.connect(await senderOptions(options));
    const bad = await sendLines(sender, options.tag);
    await sender.end();
    const how = options.sender.ack === false ? 'sent to' : 'acknowledged by';
    say(`${countOf(sender.kept)} ${how} ${target}`);
    return bad === 0 ? 0 : 1;
  } catch (error) {
    say(`${target}: ${await explain(error as Error, options)}`);
    if (sender !== undefined && sender.sent > 0) {
      const how = options.sender.ack === false ? 'sent' : 'acknowledged';
      say(`${sender.kept} of ${countOf(sender.sent)} ${how}`);
    }
    return 1;
  } finally {
    sender?.destroy();
  }
}

function countOf(events: number): string {
  return events === 1 ? '1 event' : `${events} events`;
}

/** @returns how many lines were not JSON objects */
async function sendLines(sender: ForwardSender, tag: string): Promise<number> {
  const reader = new JsonLineReader();
  let bad = 0;
  const send = async (results: LineResult[]): Promise<void> => {
    const time = EventTime.now();
    let events: EventInput[] = [];
    for (const result of results) {
      if ('problem' in result) {
        bad += 1;
        say(`line ${result.line}: ${result.problem}`);
        continue;
      }
      events.push({ time, record: result.record });
      if (events.length < chunkEvents) continue;
      await sender.send(tag, events);
      events = [];
    }
    await sender.send(tag, events);
  };
  for await (const bytes of process.stdin) await send(reader.push(bytes as Buffer));
  await send(reader.end());
  return bad;
}
