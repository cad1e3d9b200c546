import {
  statisticsOf,
  type HostView,
  type LoggedWarning,
  type PluginView,
  type RetryStatistics,
} from '@sluice/plugin';
import type { ServerHandle } from '@sluice/server';
import type { HistoryPoint } from './history.js';
import { total } from './plugin-info.js';

/** What one worker tells of itself: counts since the start, from which the page makes rates. */
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
  /** Where outputs send to. */
  destinations: DestinationStatus[];
  certificates: CertificateStatus[];
  unmatchedEvents: number;
  failedEmits: number;
  errorEvents: number;
  warned: { warn: number; error: number };
  warnings: readonly (LoggedWarning & { readonly worker: number })[];
  history: readonly HistoryPoint[];
}

export interface PluginStatus {
  id: string;
  category: PluginView['category'];
  type: string;
  emits: number;
  records: number;
  bytes: number;
  failed: number;
  pending: number;
  /** Unix time in milliseconds since when something has been pending; null: nothing is. */
  pendingSince: number | null;
  queuedBytes: number | null;
  queuedChunks: number | null;
  /** What is being repeated; null: nothing is. */
  retry: RetryStatistics | null;
  /** Seconds; of all calls since the start. */
  latencySum: number;
  latencyCount: number;
  acks: number | null;
}

/** A server that a plugin sends to. */
export interface DestinationStatus {
  plugin: string;
  name: string;
  address: string;
  /** How many workers send to it, of those that know it. */
  availableTo: number;
  seenBy: number;
  weight: number | null;
  standby: boolean;
  /** Chunks that it has taken. */
  kept: number;
  failures: number;
  reason: string | null;
}

export interface ServerStatus {
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

export interface CertificateStatus {
  plugin: string;
  title: string;
  role: string;
  subject: string;
  names: string[];
  notAfter: string;
  daysLeft: number;
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

export interface StatusOptions {
  readonly host: HostView;
  readonly worker: number;
  readonly workers: number;
  readonly history: { readonly points: readonly HistoryPoint[] };
}

export function statusOf({ host, worker, workers, history }: StatusOptions): Status {
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
    destinations: host.plugins.flatMap(destinationsOf),
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
    warnings: host.warnings().map((warning) => ({ ...warning, worker })),
    history: history.points,
  };
}

function pluginStatus(view: PluginView): PluginStatus {
  const { plugin, category, type, traffic } = view;
  const { queue, retry, counters } = statisticsOf(view.plugin);
  return {
    id: plugin.id,
    category,
    type,
    emits: traffic.emits,
    records: traffic.records,
    bytes: traffic.bytes,
    failed: traffic.failed,
    pending: traffic.pending,
    pendingSince: traffic.pendingSince ?? null,
    queuedBytes: queue?.bytes ?? null,
    queuedChunks: queue?.chunks ?? null,
    retry: retry ?? null,
    latencySum: traffic.latency.sum,
    latencyCount: sum(traffic.latency.counts),
    acks: counters?.acks === undefined ? null : total(counters.acks),
  };
}

function destinationsOf(view: PluginView): DestinationStatus[] {
  return (statisticsOf(view.plugin).servers ?? []).map((server) => ({
    plugin: view.plugin.id,
    name: server.name,
    address: server.address,
    availableTo: server.available ? 1 : 0,
    seenBy: 1,
    weight: server.weight ?? null,
    standby: server.standby === true,
    kept: server.kept ?? 0,
    failures: server.failures ?? 0,
    reason: server.reason ?? null,
  }));
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
