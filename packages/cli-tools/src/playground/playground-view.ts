import { bytesText, countText, eventsText, sparkline } from '../terminal/numbers.js';
import type { Line } from '../terminal/screen.js';
import type { RecentEvents } from './recent-events.js';

/** What a playground says of itself. */
export interface PlaygroundPlace {
  /** The command as its user calls it: `sluice`, or `npx @sluice/agent`. */
  readonly command: string;
  /** Of the forward port. */
  readonly address: string;
  /** The forward port, as it was given by the system where 0 was asked for. */
  readonly port: number;
  /** Of the monitor. */
  readonly monitorPort: number;
}

/** What to try in another terminal. */
export function playgroundHints({
  command,
  address,
  port,
  monitorPort,
}: PlaygroundPlace): string[] {
  const there = port === 24_224 ? '' : ` -p ${port}`;
  const monitor = monitorPort === 24_220 ? '' : ` -p ${monitorPort}`;
  return [
    `Sluice listens on ${address}:${port} for the forward protocol, shows events, and keeps none.`,
    'In a second terminal:',
    `  echo '{"message":"hello"}' | ${command} cat${there} test.hello`,
    `  ${command} bench${there}`,
    `  ${command} top${monitor}`,
    `With a configuration of your own: ${command} -c sluice.conf. Ctrl-C stops.`,
  ];
}

/** Throughput: events so far, per second now, and a chart. */
export function throughputText(recent: RecentEvents, columns: number): string {
  const history = recent.history();
  // The second that goes on is not a whole one yet.
  const rate = history.at(-2) ?? history.at(-1) ?? 0;
  const text = `${eventsText(recent.events)}  ${bytesText(recent.bytes)}  ${countText(rate)} events/s  `;
  return text + sparkline(history, columns - text.length);
}

/** The whole view: hints, throughput, the last events, and what the log has to say. */
export function playgroundView(
  place: PlaygroundPlace,
  recent: RecentEvents,
  log: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Line[] {
  const top: Line[] = [
    ...playgroundHints(place).map((text, index): Line => (index === 0 ? bold(text) : text)),
    '',
    { text: throughputText(recent, columns), style: 'green' },
    '',
  ];
  const bottom = log.slice(-3).map((text): Line => ({ text, style: 'yellow' }));
  const room = Math.max(0, rows - top.length - bottom.length);
  const lines = recent.lines();
  const events = lines.slice(Math.max(0, lines.length - room));
  const shown: Line[] =
    events.length === 0 && room > 0 ? [{ text: 'No events yet.', style: 'dim' }] : events;
  return [...top, ...shown, ...bottom];
}

function bold(text: string): Line {
  return { text, style: 'bold' };
}
