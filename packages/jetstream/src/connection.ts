import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { PluginContext, RemoteServerStatistics } from '@sluice/plugin';
import { dial, importClient, type Client } from './client.js';
import type { ConnectionConfig } from './connection-section.js';
import { explained, JetStreamPluginError } from './errors.js';

const FIRST_RETRY = 500;
const LONGEST_RETRY = 5000;
/** Milliseconds for a server to answer a ping when it has not answered something else. */
const PROBE = 2000;

/** A connection in use. */
export interface Session {
  readonly client: Client;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

export interface ConnectionEvents {
  /**
   * Connected for the first time, or anew: checks or creates what is needed.
   *
   * @throws where the session is of no use; it is tried again then
   */
  prepare(session: Session): Promise<void>;
  /** It may be used, from now until `lost`. */
  ready(session: Session): void;
  lost(): void;
}

/**
 * Keeps connected to one of the servers. What cannot get better by waiting (a refused password, a
 * stream that does not exist) fails the start; anything else is tried again, with a warning.
 */
export class Connection {
  reconnects = 0;
  failures = 0;
  lastError: JetStreamPluginError | undefined;
  #session: Session | undefined;
  #nc: NatsConnection | undefined;
  #up = false;
  /** Whether the client's own connection stands, whatever is prepared on it. */
  #connected = false;
  #retry: NodeJS.Timeout | undefined;
  #wait = FIRST_RETRY;
  #closed = false;
  #probing = false;

  constructor(
    private readonly config: ConnectionConfig,
    private readonly context: Pick<PluginContext, 'id' | 'log'>,
    private readonly events: ConnectionEvents,
  ) {}

  /** The session while it may be used. */
  get session(): Session | undefined {
    return this.#up ? this.#session : undefined;
  }

  /** @throws JetStreamPluginError for what waiting does not mend */
  async start(): Promise<void> {
    const error = await this.#open();
    if (error === undefined) return;
    if (!error.passing) {
      await this.close();
      throw error;
    }
    this.#later(error);
  }

  /**
   * Something was not answered in time. A server that does not answer a ping either is given up: the
   * client itself would find out by its next pings, and might wait for ever for unsent bytes.
   */
  async probe(): Promise<void> {
    const nc = this.#nc;
    if (nc === undefined || this.#probing || !this.#up) return;
    this.#probing = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE);
    });
    const answered = await Promise.race([
      nc.rtt().then(
        () => true,
        () => true, // the client knows already that it is broken
      ),
      late,
    ]);
    clearTimeout(timer);
    this.#probing = false;
    if (!answered && this.#nc === nc) this.#replace('it does not answer');
  }

  /** What it is connected to. */
  statistics(): RemoteServerStatistics[] {
    const session = this.#session;
    const address = session?.nc.isClosed() === false ? session.nc.getServer() : '';
    const configured = this.config.servers.join(', ');
    return [
      {
        name: session?.nc.info?.server_name ?? configured,
        address: address === '' ? configured : address,
        available: this.#up,
        failures: this.failures,
        ...(!this.#up && this.lastError !== undefined && { reason: this.lastError.message }),
      },
    ];
  }

  /** Sends what is left to be sent, for a moment at most, and closes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const nc = this.#nc;
    const usable = this.#up;
    this.#lost();
    this.#nc = undefined;
    if (nc === undefined) return;
    if (usable) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PROBE);
      });
      await Promise.race([nc.flush().catch(() => undefined), late]);
      clearTimeout(timer);
    }
    await nc.close();
  }

  async #open(): Promise<JetStreamPluginError | undefined> {
    const { config, context } = this;
    let nc: NatsConnection | undefined;
    try {
      const client = await importClient();
      nc = await dial(client, config, context.id);
      if (this.#closed) {
        await nc.close();
        return undefined;
      }
      this.#nc = nc;
      this.#connected = true;
      void this.#watch(nc);
      const options = { timeout: config.connectTimeout * 1000 };
      const session: Session = {
        client,
        nc,
        js: client.jetstream.jetstream(nc, options),
        jsm: await client.jetstream.jetstreamManager(nc, options),
      };
      await this.events.prepare(session);
      if (this.#nc !== nc) return undefined; // it was closed meanwhile
      this.#session = session;
      this.#usableWhereConnected();
      return undefined;
    } catch (error) {
      if (this.#nc === nc) this.#nc = undefined;
      await nc?.close();
      return this.#closed ? undefined : explained(error, `NATS at ${config.servers.join(', ')}`);
    }
  }

  #later(error: JetStreamPluginError): void {
    if (this.#closed) return;
    this.lastError = error;
    this.failures++;
    this.context.log.warn({ reason: error.message }, 'JetStream cannot be used; trying again');
    this.#retry = setTimeout(() => {
      void this.#open().then((again) => again && this.#later(again));
    }, this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_RETRY);
  }

  /** It may have broken while it was prepared: the client says when it stands again. */
  #usableWhereConnected(): void {
    if (this.#connected) this.#usable();
  }

  #usable(): void {
    const session = this.#session!;
    this.#up = true;
    this.#wait = FIRST_RETRY;
    this.lastError = undefined;
    const server = session.nc.getServer();
    this.context.log.info({ server, name: session.nc.info?.server_name }, 'connected to NATS');
    this.events.ready(session);
  }

  #lost(): void {
    if (!this.#up) return;
    this.#up = false;
    this.events.lost();
  }

  /** Follows what the client says of a connection, until it is closed. */
  async #watch(nc: NatsConnection): Promise<void> {
    const { log } = this.context;
    for await (const status of nc.status()) {
      if (this.#nc !== nc) continue;
      if (status.type === 'disconnect') {
        this.#connected = false;
        if (!this.#up) continue;
        this.failures++;
        log.warn({ server: status.server }, 'the connection to NATS is lost; connecting anew');
        this.#lost();
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        this.reconnects++;
        if (this.#session?.nc === nc) this.#usable();
      } else if (status.type === 'error') {
        log.warn({ reason: status.error.message }, 'NATS reports an error');
      }
    }
    // The client goes on for ever; should it give up nevertheless, there is a new one.
    if (this.#nc === nc && this.#session?.nc === nc && !this.#closed) {
      this.#replace('the client has given up');
    }
  }

  #replace(why: string): void {
    const old = this.#nc;
    this.#nc = undefined;
    this.#lost();
    this.reconnects++;
    this.#later(
      new JetStreamPluginError(
        'ERR_SLUICE_JETSTREAM_UNAVAILABLE',
        `NATS at ${old?.getServer() ?? 'a server'}: ${why}`,
      ),
    );
    old?.close().catch(() => undefined);
  }
}
