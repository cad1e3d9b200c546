import type { HostView, LoggedWarning, PluginView } from '@sluice/plugin';
import type { ServerHandle } from '@sluice/server';
import { statisticsOf, total } from './plugin-info.js';

/** What the page shows: counts since the start, from which it makes rates. */
export interface Status {
  version: string;
  pid: number;
  worker: number;
  workers: number;
  /** Unix time, seconds. */
  time: number;
  /** Of this process, seconds. */
  uptime: number;
  /** Bytes. */
  memory: number;
  plugins: PluginStatus[];
  servers: ServerStatus[];
  certificates: CertificateStatus[];
  unmatchedEvents: number;
  failedEmits: number;
  errorEvents: number;
  warned: { warn: number; error: number };
  warnings: readonly LoggedWarning[];
}

interface PluginStatus {
  id: string;
  category: PluginView['category'];
  type: string;
  emits: number;
  records: number;
  bytes: number;
  failed: number;
  pending: number;
  queuedBytes: number | null;
  /** Seconds; of all calls since the start. */
  latencySum: number;
  latencyCount: number;
  acks: number | null;
}

interface ServerStatus {
  plugin: string;
  title: string;
  protocol: string;
  address: string;
  open: number;
  accepted: number;
  refused: number;
  handshakeFailures: number;
  bytesIn: number;
  bytesOut: number;
}

interface CertificateStatus {
  plugin: string;
  title: string;
  role: string;
  subject: string;
  names: string[];
  notAfter: string;
  daysLeft: number;
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

export function statusOf(host: HostView, worker: number, workers: number): Status {
  const served = host.plugins.flatMap(({ plugin }) =>
    (plugin.startedServers?.servers ?? []).map((server) => ({ plugin: plugin.id, server })),
  );
  const { events, emits } = host.errors();
  return {
    version: host.version,
    pid: process.pid,
    worker,
    workers,
    time: Date.now() / 1000,
    uptime: process.uptime(),
    memory: process.memoryUsage.rss(),
    plugins: host.plugins.map(pluginStatus),
    servers: served.map(({ plugin, server }) => serverStatus(plugin, server)),
    certificates: served.flatMap(({ plugin, server }) =>
      server.certificates().map(({ role, subject, names, notAfter, daysLeft }) => ({
        plugin,
        title: server.title,
        role,
        subject,
        names,
        notAfter: notAfter.toISOString(),
        daysLeft,
      })),
    ),
    unmatchedEvents: sum(Object.values(host.unmatched())),
    failedEmits: emits,
    errorEvents: events,
    warned: host.warned,
    warnings: host.warnings(),
  };
}

function pluginStatus(view: PluginView): PluginStatus {
  const { plugin, category, type, traffic } = view;
  const { queue, counters } = statisticsOf(view);
  return {
    id: plugin.id,
    category,
    type,
    emits: traffic.emits,
    records: traffic.records,
    bytes: traffic.bytes,
    failed: traffic.failed,
    pending: traffic.pending,
    queuedBytes: queue?.bytes ?? null,
    latencySum: traffic.latency.sum,
    latencyCount: sum(traffic.latency.counts),
    acks: counters?.acks === undefined ? null : total(counters.acks),
  };
}

function serverStatus(plugin: string, server: ServerHandle): ServerStatus {
  const { protocol, open, accepted, bytesIn, bytesOut, ...stats } = server.stats();
  return {
    plugin,
    title: server.title,
    protocol,
    address: addressText(server.address()),
    open,
    accepted,
    refused: sum(Object.values(stats.refused)),
    handshakeFailures: sum(Object.values(stats.handshakeFailures)),
    bytesIn,
    bytesOut,
  };
}

function addressText(address: ReturnType<ServerHandle['address']>): string {
  if (address === null || typeof address === 'string') return address ?? '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
