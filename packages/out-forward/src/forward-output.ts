import type { EventStream } from '@sluice/event-stream';
import {
  KEPT,
  Output,
  type Keeping,
  type PluginContext,
  type PluginStatistics,
} from '@sluice/plugin';
import { createClientContext, type ClientTls } from '@sluice/tls';
import { Balancer } from './balancer.js';
import { Chunk } from './chunk.js';
import { ForwardOutputError } from './errors.js';
import { integerTimes } from './integer-times.js';
import type { ForwardOutputConfig } from './section.js';
import { ServerNode } from './server-node.js';

/** Milliseconds between two looks for what took too long. */
const CHECK = 100;

/** The forward output. Fluentd: `out_forward`. */
export class ForwardOutput extends Output {
  readonly #config: ForwardOutputConfig;
  /** Chunks that wait for a server, in their order; those that came back go before the others. */
  readonly #waiting = new Set<Chunk>();
  readonly #again = new Set<Chunk>();
  /** The chunk of each tag that still takes streams. */
  readonly #open = new Map<string, Chunk>();
  #nodes: ServerNode[] = [];
  #balancer = new Balancer<ServerNode>([]);
  #tls: ClientTls | undefined;
  #timers: NodeJS.Timeout[] = [];
  #pumping = false;
  #wake: NodeJS.Timeout | undefined;
  #stopped = false;
  #bytes = 0;
  #overflowing = false;
  #events = 0;
  #refused = 0;
  #resent = 0;

  constructor(context: PluginContext, config: ForwardOutputConfig) {
    super(context);
    this.#config = config;
  }

  override async start(): Promise<void> {
    const config = this.#config;
    if (config.transport === 'tls') this.#tls = await createClientContext(tlsOptions(config, this));
    this.#nodes = config.servers.map(
      (server) =>
        new ServerNode(server, config, this.#tls, this.log, {
          kept: (chunk) => this.#done(chunk),
          returned: (chunks) => this.#takeBack(chunks),
          changed: () => {
            this.#balancer.rebuild();
            this.#schedule();
          },
          room: () => this.#schedule(),
        }),
    );
    this.#balancer = new Balancer(this.#nodes);
    try {
      await Promise.all(this.#nodes.map((node) => this.#resolve(node)));
      if (config.verifyConnectionAtStartup) {
        await Promise.all(this.#nodes.map((node) => node.verify()));
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.#timers.push(
      setInterval(() => this.#check(), CHECK),
      setInterval(() => {
        for (const node of this.#nodes) node.beat();
      }, config.heartbeatInterval * 1000),
    );
    for (const node of this.#nodes) node.beat();
  }

  /**
   * Sends the events on.
   *
   * @returns a promise that resolves when a server has acknowledged them, or without
   *   `require_ack_response` when the kernel has taken them; it rejects with
   *   {@link ForwardOutputError} when no server took them within `retry_timeout`
   */
  write(tag: string, stream: EventStream): Keeping {
    if (stream.count === 0) return KEPT;
    const config = this.#config;
    const events = config.timeAsInteger ? integerTimes(stream) : stream;
    const size = events.bytes.length;
    if (this.#stopped || this.#nodes.length === 0) return Promise.reject(stopped());
    if (this.#bytes > 0 && this.#bytes + size > config.queueLimitSize) {
      return Promise.reject(this.#overflow());
    }
    let chunk = this.#open.get(tag);
    if (chunk === undefined || chunk.bytes + size > config.chunkLimitSize) {
      chunk = new Chunk(tag);
      this.#open.set(tag, chunk);
      this.#waiting.add(chunk);
      this.#schedule();
    }
    chunk.add(events);
    this.#bytes += size;
    return chunk.kept;
  }

  override statistics(): PluginStatistics {
    return {
      queue: {
        bytes: this.#bytes,
        limit: this.#config.queueLimitSize,
        chunks: this.#waiting.size + this.#again.size,
      },
      ...this.#retry(),
      counters: {
        events: this.#events,
        refused_events: this.#refused,
        resent_chunks: this.#resent,
        server_failures: this.#nodes.reduce((sum, { failures }) => sum + failures, 0),
        kept_chunks: this.#nodes.reduce((sum, { kept }) => sum + kept, 0),
      },
      gauges: {
        available_servers: this.#nodes.filter(({ available }) => available).length,
        servers: this.#nodes.length,
      },
      servers: this.#nodes.map((node) => ({
        name: node.target.name,
        address: node.target.peer,
        available: node.available,
        weight: node.weight,
        standby: node.standby,
        kept: node.kept,
        failures: node.failures,
        ...(node.lastError !== undefined && { reason: node.lastError.message }),
      })),
    };
  }

  /** The chunk that has come back most often. */
  #retry(): Pick<PluginStatistics, 'retry'> {
    let worst: Chunk | undefined;
    for (const chunk of this.#again) {
      if (chunk.attempts > (worst?.attempts ?? 0)) worst = chunk;
    }
    if (worst === undefined) return {};
    const start = (performance.timeOrigin + worst.since) / 1000;
    const reason = this.#nodes.find(({ lastError }) => lastError !== undefined)?.lastError?.message;
    return { retry: { steps: worst.attempts, start, ...(reason !== undefined && { reason }) } };
  }

  override afterShutdown(): void {
    for (const node of this.#nodes) node.retire();
  }

  override close(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    clearTimeout(this.#wake);
    for (const node of this.#nodes) node.close(stopped());
    for (const chunk of [...this.#again, ...this.#waiting]) this.#giveUp(chunk, stopped());
    this.#tls?.close();
  }

  async #resolve(node: ServerNode): Promise<void> {
    try {
      await node.resolve();
    } catch (error) {
      if (!this.#config.ignoreNetworkErrorsAtStartup) throw error;
      node.disable(error as Error);
    }
  }

  /** Once for all that was written in this turn of the event loop, so that streams are joined. */
  #schedule(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stopped) return;
    for (;;) {
      const chunk = firstOf(this.#again) ?? firstOf(this.#waiting);
      if (chunk === undefined) {
        for (const node of this.#nodes) node.idle();
        return;
      }
      const node = this.#server();
      if (node === undefined) return;
      if (!this.#again.delete(chunk)) this.#waiting.delete(chunk);
      if (this.#open.get(chunk.tag) === chunk) this.#open.delete(chunk.tag);
      node.send(chunk);
    }
  }

  /** The server whose turn it is; where all are down, any that is due to be tried again. */
  #server(): ServerNode | undefined {
    const now = performance.now();
    const takes = (node: ServerNode): boolean => node.takes(now);
    if (!this.#balancer.empty) return this.#balancer.next(takes);
    const node = this.#nodes.find(takes);
    if (node !== undefined) return node;
    const due = Math.min(...this.#nodes.map(({ retryAt }) => retryAt));
    if (due < Infinity) {
      clearTimeout(this.#wake);
      this.#wake = setTimeout(() => this.#schedule(), Math.max(1, due - now + 1));
    }
    return undefined;
  }

  #check(): void {
    const now = performance.now();
    for (const node of this.#nodes) node.check(now);
    const limit = this.#config.retryTimeout * 1000;
    for (const waiting of [this.#again, this.#waiting]) {
      for (const chunk of waiting) {
        if (now - chunk.since <= limit) continue;
        waiting.delete(chunk);
        this.#giveUp(chunk, this.#unavailable());
      }
    }
    // An available server whose connection went away between two chunks is tried again here.
    if (this.#again.size + this.#waiting.size > 0) this.#schedule();
  }

  #takeBack(chunks: Chunk[]): void {
    for (const chunk of chunks) {
      if (this.#stopped) this.#giveUp(chunk, stopped());
      else {
        this.#again.add(chunk);
        this.#resent += 1;
      }
    }
    this.#schedule();
  }

  #done(chunk: Chunk): void {
    this.#bytes -= chunk.bytes;
    this.#events += chunk.events;
    this.#overflowing = false;
    chunk.resolve();
  }

  #giveUp(chunk: Chunk, error: Error): void {
    this.#again.delete(chunk);
    this.#waiting.delete(chunk);
    if (this.#open.get(chunk.tag) === chunk) this.#open.delete(chunk.tag);
    this.#bytes -= chunk.bytes;
    this.#refused += chunk.events;
    this.log.warn(
      { tag: chunk.tag, events: chunk.events, attempts: chunk.attempts, reason: error.message },
      'events are not sent on, and not acknowledged',
    );
    chunk.reject(error);
  }

  #overflow(): ForwardOutputError {
    const limit = this.#config.queueLimitSize;
    this.#refused += 1;
    const message = `more than queue_limit_size ${limit} bytes wait to be sent`;
    if (!this.#overflowing) this.log.warn({ bytes: this.#bytes }, message);
    this.#overflowing = true;
    return new ForwardOutputError('ERR_SLUICE_FORWARD_OVERFLOW', message);
  }

  #unavailable(): ForwardOutputError {
    const down = this.#nodes.filter(({ lastError }) => lastError !== undefined);
    const why = down.map(({ target, lastError }) => `${target.peer}: ${lastError!.message}`);
    return new ForwardOutputError(
      'ERR_SLUICE_FORWARD_UNAVAILABLE',
      `no server took the events within ${this.#config.retryTimeout} s (${why.join('; ')})`,
    );
  }
}

function firstOf(chunks: Set<Chunk>): Chunk | undefined {
  return chunks.values().next().value;
}

function stopped(): ForwardOutputError {
  return new ForwardOutputError('ERR_SLUICE_FORWARD_STOPPED', 'the output has been stopped');
}

function tlsOptions(
  config: ForwardOutputConfig,
  { log, id }: Output,
): Parameters<typeof createClientContext>[0] {
  const version = config.tlsVersion;
  return {
    log,
    title: id,
    ...(version === undefined
      ? { minVersion: 'TLSv1_2' as const, maxVersion: 'TLSv1_3' as const }
      : { version }),
    ...(config.tlsCiphers !== undefined && { ciphers: config.tlsCiphers }),
    insecure: config.tlsInsecureMode,
    allowSelfSignedCert: config.tlsAllowSelfSignedCert,
    verifyFqdn: config.tlsVerifyHostname,
    ...(config.tlsCertPath !== undefined && { certPaths: config.tlsCertPath }),
    ...(config.tlsClientCertPath !== undefined && { certPath: config.tlsClientCertPath }),
    ...(config.tlsClientPrivateKeyPath !== undefined && {
      privateKeyPath: config.tlsClientPrivateKeyPath,
    }),
    ...(config.tlsClientPrivateKeyPassphrase !== undefined && {
      privateKeyPassphrase: config.tlsClientPrivateKeyPassphrase,
    }),
  };
}
