import { Resolver } from 'node:dns/promises';
import type { SrvRecord } from 'node:dns';
import { isIP } from 'node:net';
import { defineSection, secret, t, type SectionOf } from '@sluice/config';
import {
  ServiceDiscovery,
  defineServiceDiscovery,
  type PluginContext,
  type Service,
} from '@sluice/plugin';

/** Whether a text is an address, with a port or without. */
function isServer(text: string | undefined): boolean {
  if (text === undefined || isIP(text) !== 0) return true;
  const match = /^\[?(.+?)\]?:\d{1,5}$/.exec(text);
  return match !== null && isIP(match[1]) !== 0;
}

const section = defineSection({
  name: 'service_discovery',
  description: 'The servers that the SRV records _service._proto.hostname name.',
  params: {
    service: t.string().describe('Service, without the underscore'),
    proto: t.enum(['tcp', 'udp']).default('tcp').describe('Protocol, without the underscore'),
    hostname: t.string().describe('Domain of the records'),
    dnsServerHost: t
      .string()
      .optional()
      .refine(isServer, 'expected an address, or address:port')
      .describe("DNS server: an address, or address:port (default: the system's)"),
    interval: t.time({ min: 0.01 }).default(60).describe('Seconds between lookups'),
    dnsLookup: t
      .bool()
      .default(true)
      .describe('Look up the addresses of the servers at the same time'),
    username: t.string().optional().describe('User name for the user_auth of the servers'),
    password: secret(t.string()).optional().describe('Password of that user'),
    sharedKey: secret(t.string()).optional().describe('Shared key of the servers'),
  },
});

type SrvConfig = SectionOf<typeof section>;

class SrvServiceDiscovery extends ServiceDiscovery {
  readonly #name: string;
  readonly #resolver = new Resolver();
  #services: readonly Service[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    context: PluginContext,
    private readonly config: SrvConfig,
  ) {
    super(context);
    const { service, proto, hostname, dnsServerHost } = config;
    this.#name = `_${service}._${proto}.${hostname}`;
    if (dnsServerHost !== undefined) this.#resolver.setServers([dnsServerHost]);
  }

  services(): readonly Service[] {
    return this.#services;
  }

  override async start(): Promise<void> {
    this.#services = await this.#find();
    this.#schedule();
  }

  override close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#resolver.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    // Not all agents at the same time, though all may have started at the same time.
    const wait = this.config.interval * 1000 * (0.9 + Math.random() / 5);
    this.#timer = setTimeout(() => {
      void this.#findAgain().then(() => this.#schedule());
    }, wait);
  }

  async #findAgain(): Promise<void> {
    let found: Service[];
    try {
      found = await this.#find();
    } catch (error) {
      if (this.#closed) return;
      const reason = (error as Error).message;
      this.log.warn({ name: this.#name, reason }, `${reason}; the servers stay as they were`);
      return;
    }
    if (JSON.stringify(found) === JSON.stringify(this.#services)) return;
    this.#services = found;
    this.changed();
  }

  async #find(): Promise<Service[]> {
    const records = await this.#resolver.resolveSrv(this.#name);
    records.sort((a, b) => a.priority - b.priority || compare(a.name, b.name) || a.port - b.port);
    // RFC 2782: the others are for when none of the best can be reached.
    const best = Math.min(...records.map(({ priority }) => priority));
    return Promise.all(records.map((record) => this.#service(record, record.priority > best)));
  }

  async #service({ name, port, weight }: SrvRecord, standby: boolean): Promise<Service> {
    const { username, password, sharedKey, dnsLookup } = this.config;
    return {
      host: dnsLookup ? await this.#address(name) : name,
      port,
      name,
      // RFC 2782: 0 is for records of which none is to be preferred, or gets hardly anything.
      weight: Math.max(weight, 1),
      standby,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(sharedKey !== undefined && { sharedKey }),
    };
  }

  async #address(name: string): Promise<string> {
    // Where it has no IPv4 address, or not even a name, the error of IPv6 says the same.
    const addresses = await this.#resolver
      .resolve4(name)
      .catch(() => this.#resolver.resolve6(name));
    return addresses.sort()[0];
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `<service_discovery> @type srv`. Fluentd: `sd_srv`. */
export const srvServiceDiscovery = defineServiceDiscovery({
  type: 'srv',
  description: 'Servers from DNS SRV records, looked up again and again.',
  section,
  create: (config, context) => new SrvServiceDiscovery(context, config),
});
