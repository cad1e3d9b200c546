import type { AgentStatus } from './status.js';

/** What came in and went out per second, between two statuses. */
export interface Rates {
  /** Events, by the id of a plugin. */
  readonly records: ReadonlyMap<string, number>;
  /** Bytes in and out, by {@link serverKey}. */
  readonly servers: ReadonlyMap<string, { readonly in: number; readonly out: number }>;
}

type Server = AgentStatus['servers'][number];

export function serverKey({ plugin, title, address }: Server): string {
  return `${plugin} ${title} ${address}`;
}

/**
 * @param before undefined: nothing is known of the time before, and there are no rates
 * @returns no rates for what was restarted meanwhile, or is new
 */
export function ratesBetween(before: AgentStatus | undefined, now: AgentStatus): Rates {
  const records = new Map<string, number>();
  const servers = new Map<string, { in: number; out: number }>();
  const seconds = before === undefined ? 0 : now.time - before.time;
  if (before === undefined || seconds <= 0) return { records, servers };
  const plugins = new Map(before.plugins.map((plugin) => [plugin.id, plugin]));
  for (const { id, records: count } of now.plugins) {
    const earlier = plugins.get(id)?.records;
    if (earlier !== undefined && count >= earlier) records.set(id, (count - earlier) / seconds);
  }
  const old = new Map(before.servers.map((server) => [serverKey(server), server]));
  for (const server of now.servers) {
    const earlier = old.get(serverKey(server));
    if (earlier === undefined || server.bytesIn < earlier.bytesIn) continue;
    servers.set(serverKey(server), {
      in: (server.bytesIn - earlier.bytesIn) / seconds,
      out: Math.max(0, server.bytesOut - earlier.bytesOut) / seconds,
    });
  }
  return { records, servers };
}
