import { printable } from '@sluice/event-stream';
import { bytesText, countText, durationText, sparkline } from '../terminal/numbers.js';
import type { Line } from '../terminal/screen.js';
import { table, type Column } from '../terminal/table.js';
import { ratesBetween, serverKey, type Rates } from './rates.js';
import type { AgentStatus } from './status.js';

const right = 'right' as const;

/**
 * A running agent as lines of text: totals, connections, plugins with their queues and retries,
 * destinations, workers, the last warnings.
 *
 * @param now what the monitor says
 * @param before what it said a moment ago, which the rates are made from
 * @param columns of the chart at the top
 */
export function topView(
  now: AgentStatus,
  before: AgentStatus | undefined,
  columns: number,
): Line[] {
  const rates = ratesBetween(before, now);
  return [
    ...summary(now, rates, columns),
    ...connections(now, rates),
    ...plugins(now, rates),
    ...destinations(now),
    ...workers(now),
    ...warnings(now),
  ];
}

function summary(now: AgentStatus, rates: Rates, columns: number): Line[] {
  const inputs = now.plugins.filter(({ category }) => category === 'input');
  const known = inputs.some(({ id }) => rates.records.has(id));
  const last = now.history.at(-1);
  const rate = known
    ? inputs.reduce((sum, { id }) => sum + (rates.records.get(id) ?? 0), 0)
    : (last?.records ?? 0);
  const chart = sparkline(
    now.history.map(({ records }) => records),
    Math.min(60, columns),
  );
  const bad = [
    now.failedEmits > 0 ? `${countText(now.failedEmits)} not kept` : '',
    now.errorEvents > 0 ? `${countText(now.errorEvents)} events in error` : '',
    now.unmatchedEvents > 0 ? `${countText(now.unmatchedEvents)} events without a match` : '',
    counted(now.warned.warn, 'warning'),
    counted(now.warned.error, 'error'),
  ].filter((text) => text !== '');
  return [
    {
      text:
        `sluice ${printable(now.version)}  up ${durationText(now.uptime)}  ` +
        `${now.workers === 1 ? '1 worker' : `${now.workers} workers`}  ` +
        `${bytesText(now.memory)}  ${countText(rate)} events/s`,
      style: 'bold',
    },
    ...(bad.length > 0 ? [{ text: bad.join(', '), style: 'yellow' } as const] : []),
    ...(chart === '' ? [] : [{ text: chart, style: 'green' } as const]),
    '',
  ];
}

function counted(count: number, what: string): string {
  if (count === 0) return '';
  return `${countText(count)} ${what}${count === 1 ? '' : 's'}`;
}

function section(columns: readonly Column[], rows: readonly (readonly string[])[]): Line[] {
  if (rows.length === 0) return [];
  // Names come from configurations, addresses and reasons from peers.
  return [
    ...table(
      columns,
      rows.map((row) => row.map((cell) => printable(cell, 60))),
    ),
    '',
  ];
}

function connections(now: AgentStatus, rates: Rates): Line[] {
  return section(
    [
      { title: 'LISTENING' },
      { title: 'ADDRESS' },
      { title: 'OPEN', side: right },
      { title: 'ACCEPTED', side: right },
      { title: 'REFUSED', side: right },
      { title: 'IN/S', side: right },
      { title: 'OUT/S', side: right },
    ],
    now.servers.map((server) => {
      const rate = rates.servers.get(serverKey(server));
      return [
        server.title,
        `${server.address} ${server.protocol}`,
        countText(server.open),
        countText(server.accepted),
        countText(server.refused),
        rate === undefined ? '-' : bytesText(rate.in),
        rate === undefined ? '-' : bytesText(rate.out),
      ];
    }),
  );
}

function plugins(now: AgentStatus, rates: Rates): Line[] {
  return section(
    [
      { title: 'PLUGIN' },
      { title: 'TYPE' },
      { title: 'EVENTS/S', side: right },
      { title: 'EVENTS', side: right },
      { title: 'PENDING', side: right },
      { title: 'FAILED', side: right },
      { title: 'QUEUE', side: right },
      { title: 'RETRY' },
    ],
    now.plugins.map(({ id, category, type, records, pending, failed, ...plugin }) => {
      const rate = rates.records.get(id);
      return [
        id,
        `${category} ${type}`,
        rate === undefined ? '-' : countText(rate),
        countText(records),
        countText(pending),
        countText(failed),
        queueText(plugin),
        retryText(plugin, now.time),
      ];
    }),
  );
}

type Plugin = AgentStatus['plugins'][number];

function queueText({ queuedBytes, queuedChunks }: Pick<Plugin, 'queuedBytes' | 'queuedChunks'>) {
  if (queuedBytes === null) return '-';
  const chunks = queuedChunks === null ? '' : ` in ${countText(queuedChunks)}`;
  return bytesText(queuedBytes) + chunks;
}

function retryText({ retry }: Pick<Plugin, 'retry'>, now: number): string {
  if (retry === null) return '';
  const next =
    retry.nextTime === undefined ? '' : `, next in ${durationText(retry.nextTime - now)}`;
  return `${retry.steps} failed${next}${retry.reason === undefined ? '' : `: ${retry.reason}`}`;
}

function destinations(now: AgentStatus): Line[] {
  return section(
    [
      { title: 'DESTINATION' },
      { title: 'ADDRESS' },
      { title: 'STATE' },
      { title: 'CHUNKS', side: right },
      { title: 'FAILURES', side: right },
    ],
    now.destinations.map(({ plugin, name, address, availableTo, seenBy, ...destination }) => [
      `${plugin} ${name}`,
      address,
      availableTo === seenBy ? 'up' : (destination.reason ?? 'down'),
      countText(destination.kept),
      countText(destination.failures),
    ]),
  );
}

function workers(now: AgentStatus): Line[] {
  const shares = now.shares ?? [];
  if (shares.length < 2) return [];
  return section(
    [
      { title: 'WORKER', side: right },
      { title: 'PID', side: right },
      { title: 'EVENTS', side: right },
      { title: 'OPEN', side: right },
      { title: 'PENDING', side: right },
      { title: 'MEMORY', side: right },
    ],
    shares.map(({ worker, answers, pid, records, open, pending, memory }) =>
      answers
        ? [
            String(worker),
            String(pid),
            countText(records),
            countText(open),
            countText(pending),
            bytesText(memory),
          ]
        : [String(worker), 'no answer', '-', '-', '-', '-'],
    ),
  );
}

function warnings(now: AgentStatus): Line[] {
  return now.warnings.slice(0, 5).map(({ time, level, text, plugin, fields = {}, count }) => {
    const at = new Date(time).toTimeString().slice(0, 8);
    const from = plugin === undefined ? '' : `[${plugin}] `;
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    const times = count > 1 ? ` (${countText(count)} times)` : '';
    return {
      text: `${at} ${level} ${printable(from + text + details.join(''), 200)}${times}`,
      style: level === 'error' ? 'red' : 'yellow',
    };
  });
}
