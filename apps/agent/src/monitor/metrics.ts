import { ForwardInput, type ForwardCount } from '@sluice/in-forward';
import type { HostView, Latency } from '@sluice/plugin';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric } from 'prom-client';
import { version } from '../version.js';
import { queueOf, statsOf } from './plugin-info.js';

type Labels = Record<string, string>;
type Sample = readonly [labels: Labels, value: number];

const packageVersion = version();

/** The page for Prometheus: every figure is read when it is asked for, and at no other time. */
export class MetricsPage {
  readonly #process = new Registry();
  readonly #host: HostView;
  readonly #labels: Labels;

  constructor(host: HostView, worker: number) {
    this.#host = host;
    this.#labels = { worker: String(worker) };
    this.#process.setDefaultLabels(this.#labels);
    collectDefaultMetrics({ register: this.#process });
  }

  get contentType(): string {
    return this.#process.contentType;
  }

  async text(): Promise<string> {
    const family = new Families(this.#labels);
    family.gauge('sluice_build_info', 'What runs.', [
      [{ version: packageVersion, node: process.version }, 1],
    ]);
    this.#plugins(family);
    this.#queues(family);
    this.#servers(family);
    this.#forward(family);
    this.#events(family);
    const [own, ofProcess] = await Promise.all([
      family.registry.metrics(),
      this.#process.metrics(),
    ]);
    return `${own}\n${ofProcess}`;
  }

  #plugins(family: Families): void {
    for (const category of ['input', 'filter', 'output'] as const) {
      const views = this.#host.plugins.filter((view) => view.category === category);
      const samples = (value: (view: (typeof views)[number]) => number): Sample[] =>
        views.map((view) => [{ plugin_id: view.plugin.id, type: view.type }, value(view)]);
      const name = (rest: string): string => `sluice_${category}_${rest}`;
      family.counter(
        name('emits_total'),
        'Event streams.',
        samples((v) => v.traffic.emits),
      );
      family.counter(
        name('records_total'),
        'Events.',
        samples((v) => v.traffic.records),
      );
      const bytes = samples((v) => v.traffic.bytes);
      family.counter(name('record_bytes_total'), 'Bytes of packed events.', bytes);
      const failed = samples((v) => v.traffic.failed);
      family.counter(name('failed_total'), 'Event streams that were not kept.', failed);
      if (category === 'filter') continue;
      const pending = samples((v) => v.traffic.pending);
      family.gauge(name('pending'), 'Event streams that are not kept yet.', pending);
      family.histogram(
        category === 'input' ? 'sluice_ack_latency_seconds' : 'sluice_output_write_seconds',
        category === 'input'
          ? 'From a message received to its events kept, which is when it is acknowledged.'
          : 'From events given to the output to events kept.',
        views.map((view) => [{ plugin_id: view.plugin.id, type: view.type }, view.traffic.latency]),
      );
    }
  }

  #queues(family: Families): void {
    const stats: Sample[] = [];
    const bytes: Sample[] = [];
    const lengths: Sample[] = [];
    for (const view of this.#host.plugins) {
      const labels = { plugin_id: view.plugin.id, type: view.type };
      const figures = statsOf(view);
      for (const [name, value] of Object.entries(figures)) {
        if (typeof value === 'number') stats.push([{ ...labels, name }, value]);
      }
      const queue = queueOf(figures);
      if (queue === undefined) continue;
      bytes.push([labels, queue.bytes]);
      lengths.push([labels, queue.length ?? view.traffic.pending]);
    }
    family.gauge('sluice_output_queue_bytes', 'Bytes that wait to be written.', bytes);
    family.gauge('sluice_output_queue_length', 'Chunks or writes that wait.', lengths);
    family.gauge('sluice_plugin_stats', "A plugin's own figures, by name.", stats);
  }

  #servers(family: Families): void {
    const served = this.#host.plugins.flatMap(({ plugin }) =>
      (plugin.startedServers?.servers ?? []).map((server) => {
        const { title, protocol } = server;
        const labels: Labels = { plugin_id: plugin.id, title, protocol };
        return { labels, stats: server.stats(), certificates: server.certificates() };
      }),
    );
    type Stats = (typeof served)[number]['stats'];
    const plain = (value: (stats: Stats) => number): Sample[] =>
      served.map(({ labels, stats }) => [labels, value(stats)]);
    const byReason = (table: (stats: Stats) => Record<string, number>): Sample[] =>
      served.flatMap(({ labels, stats }) => reasons(labels, table(stats)));
    const name = (rest: string): string => `sluice_server_${rest}`;
    const { counter, gauge } = family;
    gauge(
      name('connections_open'),
      'Open connections.',
      plain((s) => s.open),
    );
    counter(
      name('connections_accepted_total'),
      'Connections let in.',
      plain((s) => s.accepted),
    );
    const refused = byReason((s) => s.refused);
    counter(name('connections_refused_total'), 'Connections turned away.', refused);
    const aborted = byReason((s) => s.aborted);
    counter(name('connections_aborted_total'), 'Connections ended by a limit or error.', aborted);
    const failures = byReason((s) => s.handshakeFailures);
    counter(name('tls_handshake_failures_total'), 'TLS handshakes that failed.', failures);
    counter(
      name('received_bytes_total'),
      'Bytes received.',
      plain((s) => s.bytesIn),
    );
    counter(
      name('sent_bytes_total'),
      'Bytes sent.',
      plain((s) => s.bytesOut),
    );
    counter(
      name('datagrams_received_total'),
      'Datagrams received.',
      plain((s) => s.datagramsIn),
    );
    counter(
      name('datagrams_sent_total'),
      'Datagrams sent.',
      plain((s) => s.datagramsOut),
    );
    const cut = plain((s) => s.datagramsTruncated);
    counter(name('datagrams_truncated_total'), 'Datagrams cut to max_bytes.', cut);
    const dropped = byReason((s) => s.datagramsDropped);
    counter(name('datagrams_dropped_total'), 'Datagrams not handed on.', dropped);
    const certificates = served.flatMap(({ labels, certificates: all }) =>
      all.map(({ role, subject, serialNumber: serial, notAfter, notBefore }) => ({
        labels: { ...labels, role, subject, serial },
        notAfter: notAfter.getTime() / 1000,
        notBefore: notBefore.getTime() / 1000,
      })),
    );
    gauge(
      'sluice_certificate_expiry_timestamp_seconds',
      'Unix time at which a certificate expires.',
      certificates.map(({ labels, notAfter }) => [labels, notAfter]),
    );
    gauge(
      'sluice_certificate_not_before_timestamp_seconds',
      'Unix time from which a certificate is valid.',
      certificates.map(({ labels, notBefore }) => [labels, notBefore]),
    );
  }

  #forward(family: Families): void {
    const inputs = this.#host.plugins.flatMap(({ plugin }) =>
      plugin instanceof ForwardInput
        ? [{ labels: { plugin_id: plugin.id }, stats: plugin.statistics() }]
        : [],
    );
    if (inputs.length === 0) return;
    type Stats = (typeof inputs)[number]['stats'];
    const { counter, gauge } = family;
    const counts = (
      by: string,
      label: string,
      table: (stats: Stats) => Record<string, ForwardCount>,
    ): void => {
      for (const what of ['messages', 'events', 'bytes'] as const) {
        counter(
          `sluice_forward_${by}${what}_total`,
          `Received ${what} by ${label}.`,
          inputs.flatMap(({ labels, stats }) =>
            Object.entries(table(stats)).map(([key, count]): Sample => [
              { ...labels, [label]: key },
              count[what],
            ]),
          ),
        );
      }
    };
    counts('', 'mode', (s) => s.modes);
    counts('tag_', 'tag_prefix', (s) => s.tagPrefixes);
    const plain = (value: (stats: Stats) => number): Sample[] =>
      inputs.map(({ labels, stats }) => [labels, value(stats)]);
    const byReason = (table: (stats: Stats) => Record<string, number>): Sample[] =>
      inputs.flatMap(({ labels, stats }) => reasons(labels, table(stats)));
    const name = (rest: string): string => `sluice_forward_${rest}`;
    counter(
      name('acks_total'),
      'Acknowledgements sent.',
      plain((s) => s.acks),
    );
    counter(
      name('heartbeats_total'),
      'Heartbeats answered.',
      plain((s) => s.heartbeats),
    );
    const invalid = plain((s) => s.invalidEvents);
    counter(name('invalid_events_total'), 'Entries that are no events.', invalid);
    counter(
      name('not_kept_total'),
      'Messages that were not kept.',
      plain((s) => s.notKept),
    );
    const refused = byReason((s) => s.refusedMessages);
    counter(name('refused_messages_total'), 'Messages dropped without an ack.', refused);
    const closed = byReason((s) => s.closedConnections);
    counter(name('closed_connections_total'), 'Connections closed for their peer.', closed);
    const inFlight = plain((s) => s.inFlightBytes);
    gauge(name('in_flight_bytes'), 'Bytes received and not kept yet.', inFlight);
    const unfinished = plain((s) => s.unfinishedBytes);
    gauge(name('unfinished_bytes'), 'Bytes of messages that came in part.', unfinished);
  }

  #events(family: Families): void {
    const { events, emits } = this.#host.errors();
    const unmatched = Object.entries(this.#host.unmatched());
    family.counter(
      'sluice_unmatched_events_total',
      'Events that no match took, by label.',
      unmatched.map(([label, value]) => [{ label }, value]),
    );
    family.counter('sluice_error_events_total', 'Events that filters failed on.', [[{}, events]]);
    family.counter('sluice_failed_emits_total', 'Event streams that failed.', [[{}, emits]]);
    family.counter('sluice_log_lines_total', 'Warnings and errors logged.', [
      [{ level: 'warn' }, this.#host.warned.warn],
      [{ level: 'error' }, this.#host.warned.error],
    ]);
  }
}

function reasons(labels: Labels, table: Record<string, number>): Sample[] {
  return Object.entries(table).map(([reason, value]) => [{ ...labels, reason }, value]);
}

/** The families of one page. Figures are counted elsewhere; prom-client writes them. */
class Families {
  readonly registry = new Registry();

  constructor(labels: Labels) {
    this.registry.setDefaultLabels(labels);
  }

  readonly counter = (name: string, help: string, samples: readonly Sample[]): void => {
    const metric = new Counter({ name, help, labelNames: names(samples), registers: [] });
    for (const [labels, value] of samples) metric.inc(labels, value);
    this.registry.registerMetric(metric);
  };

  readonly gauge = (name: string, help: string, samples: readonly Sample[]): void => {
    const metric = new Gauge({ name, help, labelNames: names(samples), registers: [] });
    for (const [labels, value] of samples) metric.set(labels, value);
    this.registry.registerMetric(metric);
  };

  /** prom-client's own histogram takes observations only; this one has been counted already. */
  histogram(name: string, help: string, samples: readonly (readonly [Labels, Latency])[]): void {
    const values = samples.flatMap(([labels, { bounds, counts, sum }]) => {
      let below = 0;
      const buckets = counts.map((count, index) => {
        below += count;
        const le = index < bounds.length ? bounds[index] : '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: below },
      ];
    });
    const metric = {
      name,
      get: () => Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' }),
    };
    this.registry.registerMetric(metric as unknown as Metric);
  }
}

function names(samples: readonly Sample[]): string[] {
  return [...new Set(samples.flatMap(([labels]) => Object.keys(labels)))];
}
