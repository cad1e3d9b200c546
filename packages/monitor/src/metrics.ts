import {
  prefixOfKind,
  statisticsOf,
  type HostView,
  type Latency,
  type Statistic,
} from '@sluice/plugin';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric } from 'prom-client';

type Labels = Record<string, string>;
type Sample = readonly [labels: Labels, value: number];

/** The page for Prometheus: every value is read when it is asked for, and at no other time. */
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
      [{ version: this.#host.version, node: process.version }, 1],
    ]);
    this.#plugins(family);
    this.#queues(family);
    this.#servers(family);
    this.#ownStatistics(family);
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
    const bytes: Sample[] = [];
    const limits: Sample[] = [];
    const lengths: Sample[] = [];
    const retries: Sample[] = [];
    const available: Sample[] = [];
    for (const view of this.#host.plugins) {
      const labels: Labels = { plugin_id: view.plugin.id, type: view.type };
      const { queue, retry, servers } = statisticsOf(view.plugin);
      if (queue !== undefined) {
        bytes.push([labels, queue.bytes]);
        lengths.push([labels, queue.chunks ?? view.traffic.pending]);
        if (queue.limit !== undefined && Number.isFinite(queue.limit)) {
          limits.push([labels, queue.limit]);
        }
      }
      if (view.category === 'output') retries.push([labels, retry?.steps ?? 0]);
      for (const { name, address, available: up } of servers ?? []) {
        available.push([{ plugin_id: view.plugin.id, name, address }, up ? 1 : 0]);
      }
    }
    family.gauge('sluice_output_queue_bytes', 'Bytes that wait to be written.', bytes);
    family.gauge('sluice_output_queue_limit_bytes', 'The most bytes that may wait.', limits);
    family.gauge('sluice_output_queue_length', 'Chunks or writes that wait.', lengths);
    family.gauge('sluice_output_retry_steps', 'Failed attempts since the last success.', retries);
    family.gauge('sluice_output_server_available', 'Whether events go to a server.', available);
  }

  /** What plugins tell of themselves: `sluice_in_forward_acks_total`, `sluice_out_file_open_files`. */
  #ownStatistics(family: Families): void {
    const counters = new Map<string, Sample[]>();
    const gauges = new Map<string, Sample[]>();
    for (const view of this.#host.plugins) {
      const prefix = `sluice_${prefixOfKind[view.category]}_${view.type.replace(/\W/g, '_')}`;
      const own = statisticsOf(view.plugin);
      const labels: Labels = { plugin_id: view.plugin.id };
      collect(counters, prefix, '_total', labels, own.counters);
      collect(gauges, prefix, '', labels, own.gauges);
    }
    for (const [name, samples] of counters) family.counter(name, helpOf(name), samples);
    for (const [name, samples] of gauges) family.gauge(name, helpOf(name), samples);
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

function collect(
  families: Map<string, Sample[]>,
  prefix: string,
  suffix: string,
  labels: Labels,
  statistics: Readonly<Record<string, Statistic>> = {},
): void {
  for (const [key, statistic] of Object.entries(statistics)) {
    const name = `${prefix}_${key}${suffix}`;
    let samples = families.get(name);
    if (samples === undefined) families.set(name, (samples = []));
    if (typeof statistic === 'number') samples.push([labels, statistic]);
    else {
      for (const [value, number] of Object.entries(statistic.values)) {
        samples.push([{ ...labels, [statistic.label]: value }, number]);
      }
    }
  }
}

/** `sluice_in_forward_invalid_events_total` is "in_forward: invalid events." */
function helpOf(name: string): string {
  const words = name
    .replace(/^sluice_/, '')
    .replace(/_total$/, '')
    .split('_');
  return `Statistics of ${words.slice(0, 2).join('_')}: ${words.slice(2).join(' ')}.`;
}

function reasons(labels: Labels, table: Record<string, number>): Sample[] {
  return Object.entries(table).map(([reason, value]) => [{ ...labels, reason }, value]);
}

/** The families of one page. Values are counted elsewhere; prom-client writes them. */
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
