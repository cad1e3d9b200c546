import { secret, t } from '@sluice/config';
import { Plugin } from './plugin.js';

/** A server that events may be sent to. Fluentd: `Fluent::Plugin::ServiceDiscovery::Service`. */
export interface Service {
  /** Name or address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Default: the host. */
  readonly name?: string;
  /** Share of the load beside the others. Default: 60, as in Fluentd. */
  readonly weight?: number;
  /** Used only where no other is available. Default: false. */
  readonly standby?: boolean;
  /** For a server that asks for a user. Default: none. */
  readonly username?: string;
  /** Of that user. */
  readonly password?: string;
  /** What both sides have to know. Default: that of the output's `<security>`. */
  readonly sharedKey?: string;
}

/** The parameters of a section that describes one {@link Service}, with Fluentd's names. */
export const serviceParams = {
  host: t.string().describe('Host name or address of the server'),
  port: t.integer({ min: 1, max: 65_535 }).default(24_224).describe('Its port'),
  name: t.string().optional().describe('Its name in its certificate (default: host)'),
  weight: t
    .integer({ min: 0 })
    .default(60)
    .describe('Its share of the load, in relation to the other weights; with 0 it gets none'),
  standby: t.bool().default(false).describe('Use it only while another server is unavailable'),
  sharedKey: secret(t.string()).optional().describe('Its shared key (default: that of <security>)'),
  username: t.string().optional().describe('User name for its user_auth'),
  password: secret(t.string()).optional().describe('Password of that user'),
};

/**
 * Finds the servers that an output sends to, and tells when they change. Fluentd:
 * `<service_discovery>`.
 *
 * When `start` has resolved the services are known; it rejects where they cannot be found.
 */
export abstract class ServiceDiscovery extends Plugin {
  readonly #listeners = new Set<(services: readonly Service[]) => void>();

  /** The services of now. */
  abstract services(): readonly Service[];

  /**
   * Calls back with all services whenever one came, went or changed.
   *
   * @returns ends it
   */
  onChange(listener: (services: readonly Service[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** To be called by the plugin when `services` has changed. */
  protected changed(): void {
    const services = this.services();
    for (const listener of this.#listeners) listener(services);
  }
}

declare module './context.js' {
  interface InnerPlugins {
    /** Finds the servers that an output sends to. Fluentd: `<service_discovery>`. */
    service_discovery: ServiceDiscovery;
  }
}
