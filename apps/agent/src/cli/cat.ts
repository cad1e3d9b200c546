import type { ParseArgsConfig } from 'node:util';
import { EventTime, type EventInput } from '@sluice/event-stream';
import { parseFlags, UsageError } from './flags.js';
import { ForwardSender } from './forward-sender.js';
import { JsonLineReader, type LineResult } from './json-line-reader.js';
import { usage } from './usage.js';

const catFlags = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', short: 'p', default: '24224' },
  unix: { type: 'string', short: 'u' },
  tls: { type: 'boolean', default: false },
  ca: { type: 'string' },
  insecure: { type: 'boolean', default: false },
  'no-ack': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** Events of one chunk. */
const chunkEvents = 1000;

function complain(problem: string): void {
  process.stderr.write(`sluice cat: ${problem}\n`);
}

/**
 * `sluice cat TAG`: sends each line of standard input, a JSON object, as an event. The time is now.
 * Fluentd: `fluent-cat`.
 *
 * @returns 0 when every line was sent, and acknowledged unless `--no-ack`; 1 when a line is no JSON
 *   object (the others are sent) or the server cannot be reached
 */
export async function cat(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, catFlags);
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [tag, extra] = positionals as (string | undefined)[];
  if (tag === undefined || tag === '') throw new UsageError('cat needs a TAG');
  if (extra !== undefined) throw new UsageError(`cat takes one TAG, and "${extra}" is too many`);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) {
    throw new UsageError(`--port is 1 to 65535, not "${values.port}"`);
  }
  if (!values.tls && (values.ca !== undefined || values.insecure)) {
    throw new UsageError('--ca and --insecure go with --tls');
  }
  const target = values.unix ?? `${values.host}:${port}`;
  let sender: ForwardSender | undefined;
  try {
    sender = await ForwardSender.connect({
      host: values.host,
      port,
      unix: values.unix,
      tls: values.tls ? { ca: values.ca, insecure: values.insecure } : undefined,
      ack: !values['no-ack'],
    });
    const bad = await sendLines(sender, tag);
    await sender.end();
    return bad === 0 ? 0 : 1;
  } catch (error) {
    const timedOut = (error as Error).name === 'AbortError';
    complain(`${target}: ${timedOut ? 'cannot connect in time' : (error as Error).message}`);
    return 1;
  } finally {
    sender?.destroy();
  }
}

/** @returns how many lines were no JSON object */
async function sendLines(sender: ForwardSender, tag: string): Promise<number> {
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
  for await (const bytes of process.stdin) await send(reader.push(bytes as Buffer));
  await send(reader.end());
  return bad;
}
