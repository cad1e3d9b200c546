import type { EventStream } from '@sluice/event-stream';
import { Alarm, Chunk } from '@sluice/forward-client';
import {
  Budget,
  KEPT,
  Output,
  type ChunkInfo,
  type Keeping,
  type PluginContext,
  type PluginStatistics,
  type ServiceDiscovery,
} from '@sluice/plugin';
import { createClientContext, type ClientTls } from '@sluice/tls';
import { ForwardOutputError } from './errors.js';
import { explain } from './explain.js';
import { integerTimes } from './integer-times.js';
import type { ForwardOutputConfig } from './section.js';
import { Servers } from './servers.js';
import { tlsOptions } from './tls-options.js';
import { WaitingChunks } from './waiting-chunks.js';

/** The forward output. Fluentd: `out_forward`. */
export class ForwardOutput extends Output {
  readonly #config: ForwardOutputConfig;
  readonly #discoveries: readonly ServiceDiscovery[];
  readonly #unsubscribe: (() => void)[] = [];
  readonly #waiting: WaitingChunks;
  /** Rings when a chunk has waited too long, or a server is worth another try. */
  readonly #alarm = new Alarm(() => this.#look());
  #servers: Servers | undefined;
  #tls: ClientTls | undefined;
  #pumping = false;
  #stopped = false;
  /** A buffer writes, and tries again by itself. */
  #behindBuffer = false;
  /** What waits or is under way. */
  readonly #room: Budget;
  #overflowing = false;
  #events = 0;
  #refused = 0;
  #resent = 0;

  /** @param discoveries where servers come from besides the `<server>` sections. Default: none */
  constructor(
    context: PluginContext,
    config: ForwardOutputConfig,
    discoveries: readonly ServiceDiscovery[] = [],
  ) {
    super(context);
    this.#config = config;
    this.#discoveries = discoveries;
    this.#waiting = new WaitingChunks(config.chunkLimitSize);
    this.#room = new Budget({ limit: config.queueLimitSize });
  }

  override async start(): Promise<void> {
    const config = this.#config;
    if (config.transport === 'tls') this.#tls = await createClientContext(tlsOptions(config, this));
    const setting = { config, tls: this.#tls, log: this.log };
    const servers = new Servers(setting, {
      kept: (chunk) => this.#done(chunk),
      returned: (chunks) => this.#takeBack(chunks),
      room: () => this.#schedule(),
    });
    this.#servers = servers;
    const update = (): void =>
      servers.set([...config.servers, ...this.#discoveries.flatMap((from) => from.services())]);
    update();
    for (const discovery of this.#discoveries) this.#unsubscribe.push(discovery.onChange(update));
    try {
      await servers.start();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Sends the events on.
   *
   * @returns a promise that resolves when a server has acknowledged them, or without
   *   `require_ack_response` when the kernel has taken them; it rejects with
   *   {@link ForwardOutputError} when no server took them within `retry_timeout`, or behind a buffer,
   *   whose `retry_*` say what comes then, as soon as no server is available
   */
  write(tag: string, stream: EventStream, buffered?: ChunkInfo): Keeping {
    if (stream.count === 0) return KEPT;
    if (buffered !== undefined) this.#behindBuffer = true;
    const config = this.#config;
    const events = config.timeAsInteger ? integerTimes(stream) : stream;
    const size = events.bytes.length;
    if (this.#stopped || this.#servers === undefined) return Promise.reject(stopped());
    if (!this.#room.tryTake(size)) return Promise.reject(this.#overflow());
    const id = config.keepChunkId && config.requireAckResponse ? stream.chunkId : undefined;
    const chunk = this.#waiting.add(tag, events, id);
    if (chunk.events === events.count) {
      this.#alarm.by(chunk.since + config.retryTimeout * 1000);
      this.#schedule();
    }
    return chunk.kept;
  }

  override statistics(): PluginStatistics {
    const nodes = this.#servers?.all ?? [];
    const counters = this.#servers?.counters ?? { kept: 0, failures: 0 };
    return {
      queue: {
        bytes: this.#room.bytes,
        limit: this.#room.limit,
        chunks: this.#waiting.size,
      },
      ...this.#retry(),
      counters: {
        events: this.#events,
        refused_events: this.#refused,
        resent_chunks: this.#resent,
        server_failures: counters.failures,
        kept_chunks: counters.kept,
      },
      gauges: {
        available_servers: nodes.filter(({ available }) => available).length,
        servers: nodes.length,
      },
      servers: nodes.map((node) => ({
        name: node.target.name,
        address: node.target.peer,
        available: node.available,
        weight: node.weight,
        standby: node.standby,
        kept: node.kept,
        failures: node.health.failures,
        ...(node.health.lastError !== undefined && { reason: explain(node.health.lastError) }),
      })),
    };
  }

  /** The chunk that has come back most often. */
  #retry(): Pick<PluginStatistics, 'retry'> {
    const worst = this.#waiting.mostAttempts();
    if (worst === undefined) return {};
    const start = (performance.timeOrigin + worst.since) / 1000;
    const errors = this.#servers?.all.map(({ health }) => health.lastError) ?? [];
    const reason = errors.find((error) => error !== undefined);
    return {
      retry: {
        steps: worst.attempts,
        start,
        ...(reason !== undefined && { reason: explain(reason) }),
      },
    };
  }

  override afterShutdown(): void {
    this.#servers?.retire();
  }

  override close(): void {
    this.#stopped = true;
    this.#alarm.clear();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#servers?.close(stopped());
    for (const chunk of this.#waiting.all()) this.#giveUp(chunk, stopped());
    this.#tls?.close();
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
    const servers = this.#servers;
    if (this.#stopped || servers === undefined) return;
    const now = performance.now();
    while (!this.#waiting.empty) {
      const node = servers.next(now);
      if (node === undefined) {
        this.#alarm.by(servers.nextTry(now));
        if (this.#behindBuffer && !servers.all.some(({ available }) => available)) this.#giveBack();
        return;
      }
      node.send(this.#waiting.take());
    }
    servers.idle();
  }

  /** Gives up chunks that have waited too long, and tries the others again. */
  #look(): void {
    if (this.#waiting.empty) return;
    const limit = this.#config.retryTimeout * 1000;
    const now = performance.now();
    for (const chunk of this.#waiting.all()) {
      if (now - chunk.since >= limit) {
        const { retryTimeout } = this.#config;
        this.#giveUp(
          chunk,
          this.#unavailable(`no server took the events within ${retryTimeout} s`),
        );
      } else this.#alarm.by(chunk.since + limit);
    }
    this.#schedule();
  }

  #takeBack(chunks: Chunk[]): void {
    for (const chunk of chunks) {
      if (this.#stopped) this.#giveUp(chunk, stopped());
      else {
        this.#waiting.takeBack(chunk);
        this.#alarm.by(chunk.since + this.#config.retryTimeout * 1000);
        this.#resent += 1;
      }
    }
    this.#schedule();
  }

  #done(chunk: Chunk): void {
    this.#room.release(chunk.bytes);
    this.#events += chunk.events;
    this.#overflowing = false;
    chunk.resolve();
  }

  /** Behind a buffer: it waits, and not this output. */
  #giveBack(): void {
    const error = this.#unavailable('no server is available');
    for (const chunk of this.#waiting.all()) {
      this.#waiting.remove(chunk);
      this.#room.release(chunk.bytes);
      chunk.reject(error);
    }
  }

  #giveUp(chunk: Chunk, error: Error): void {
    this.#waiting.remove(chunk);
    this.#room.release(chunk.bytes);
    this.#refused += chunk.events;
    this.log.warn(
      { tag: chunk.tag, events: chunk.events, attempts: chunk.attempts, reason: error.message },
      'events are not sent on, and not acknowledged',
    );
    chunk.reject(error);
  }

  #overflow(): ForwardOutputError {
    this.#refused += 1;
    const message = `more than queue_limit_size ${this.#room.limit} bytes wait to be sent`;
    if (!this.#overflowing) this.log.warn({ bytes: this.#room.bytes }, message);
    this.#overflowing = true;
    return new ForwardOutputError('ERR_SLUICE_FORWARD_OVERFLOW', message);
  }

  #unavailable(what: string): ForwardOutputError {
    const nodes = this.#servers?.all ?? [];
    const reasons = nodes.flatMap(({ target, health: { lastError } }) =>
      lastError === undefined ? [] : [`${target.peer}: ${explain(lastError)}`],
    );
    if (nodes.length === 0) reasons.push('the service discovery knows no server');
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
    return new ForwardOutputError('ERR_SLUICE_FORWARD_UNAVAILABLE', `${what}${why}`);
  }
}

function stopped(): ForwardOutputError {
  return new ForwardOutputError('ERR_SLUICE_FORWARD_STOPPED', 'the output is not running');
}
