import type { AddressInfo } from 'node:net';
import { defineSection, t, type SectionOf } from '@sluice/config';
import { EventStream, EventTime } from '@sluice/event-stream';
import {
  defineInput,
  Input,
  listenProblems,
  type HostView,
  type InputContext,
} from '@sluice/plugin';
import { History } from './history.js';
import { connectionLimits, HttpPages } from './http-pages.js';
import { OtherWorkers } from './other-workers.js';
import { pluginInfo } from './plugin-info.js';

const TITLE = 'in_monitor_agent';
const description = 'Shows what the agent does: for people, for programs, for Prometheus.';

const section = defineSection({
  name: 'source',
  description,
  params: {
    port: t
      .integer({ min: 0, max: 65_535 })
      .default(24_220)
      .describe('The port to listen on, which shows all workers; worker N also has this port + N'),
    bind: t.string().default('0.0.0.0').describe('The address to listen on'),
    tag: t.string().optional().describe('Emit the statistics as events with this tag, too'),
    emitInterval: t
      .time({ min: 0.001 })
      .default(60)
      .describe('Seconds between two rounds of such events'),
    includeConfig: t
      .bool()
      .default(true)
      .describe('Show the parameters of plugins, secrets masked'),
    includeRetry: t.bool().default(true).describe('Show what outputs are repeating'),
  },
  check: (value, context) => {
    if (value.tag === '') throw context.error('tag', 'tag must not be empty', 'leave it out');
  },
});

/** The monitor. Fluentd: `in_monitor_agent`. */
class MonitorAgentInput extends Input {
  readonly #config: SectionOf<typeof section>;
  readonly #host: HostView;
  #timer: NodeJS.Timeout | undefined;
  #emitting = false;
  #ready = false;
  readonly #history: History;
  #others: OtherWorkers | undefined;

  constructor(context: InputContext, config: SectionOf<typeof section>) {
    super(context);
    if (context.host === undefined) throw new TypeError('monitor_agent needs a host to watch');
    this.#config = config;
    this.#host = context.host;
    this.#history = new History(context.host);
  }

  override async start(): Promise<void> {
    // The metrics library is loaded only where somebody wants to see metrics.
    const { monitorPages } = await import('./pages.js');
    const { bind, port: first, includeConfig, includeRetry } = this.#config;
    // Any free port is not known to the others.
    if (this.workers > 1 && first !== 0) {
      this.#others = new OtherWorkers({ port: first, bind, log: this.log });
    }
    const pages = new HttpPages(
      monitorPages({
        host: this.#host,
        worker: this.workerId,
        workers: this.workers,
        history: this.#history,
        others: this.#others,
        includeConfig,
        includeRetry,
        ready: () => this.#ready,
      }),
      this.log,
    );
    const wanted = first === 0 ? 0 : first + this.workerId;
    const server = await this.servers.createConnection(
      TITLE,
      wanted,
      { ...connectionLimits, bind },
      (connection) => pages.accept(connection),
    );
    const { address, port } = server.address() as AddressInfo;
    this.log.info({ address, monitorPort: port }, `monitor on http://${hostText(address)}:${port}`);
  }

  override afterStart(): void {
    this.#ready = true;
    this.#history.start();
    const { tag, emitInterval } = this.#config;
    if (tag === undefined) return;
    this.#timer = setInterval(() => void this.#emit(tag), emitInterval * 1000);
  }

  override stop(): void {
    this.#ready = false;
    this.#history.stop();
    clearInterval(this.#timer);
  }

  override close(): void {
    this.#others?.close();
  }

  /** One event for each plugin. A round that is not kept yet is not followed by the next. */
  async #emit(tag: string): Promise<void> {
    if (this.#emitting) return;
    this.#emitting = true;
    try {
      const options = { withConfig: false, withRetry: false, debug: false };
      const time = EventTime.now();
      const events = this.#host.plugins.map((view) => ({
        time,
        record: pluginInfo(view, options),
      }));
      await this.router.emit(tag, EventStream.fromEvents(events));
    } catch (error) {
      this.log.warn({ tag, err: error }, 'the statistics were not kept');
    } finally {
      this.#emitting = false;
    }
  }
}

function hostText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** `@type monitor_agent`. Fluentd: `in_monitor_agent`, with the same paths. */
export const monitorAgentInput = defineInput({
  type: 'monitor_agent',
  description,
  section,
  watchesHost: true,
  create: (config, context) => new MonitorAgentInput(context, config),
  startProblems: ({ port, bind }, context, element) =>
    listenProblems(
      { port: port === 0 ? 0 : port + (context.workerId ?? 0), bind },
      element,
      context,
    ),
});
