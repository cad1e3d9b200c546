import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished, test } from 'vitest';
import { natsIsInstalled, natsServers, type NatsServer } from '../../../../tools/nats-servers.mjs';

const skipped = process.env.SLUICE_DEEP === undefined && !natsIsInstalled();
if (skipped) console.warn('tests with real servers are skipped: nats-server is not installed');

/** A test with real servers: skipped where none is installed, but never where SLUICE_DEEP is set. */
export function natsTest(name: string, run: () => Promise<void>, timeout = 20_000): void {
  test.skipIf(skipped)(name, run, timeout);
}

/** A cluster of so many nodes, or one node alone, until the test is over. */
export async function startNats(
  size = 1,
  options: Parameters<typeof natsServers>[2] = {},
): Promise<NatsServer[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-nats-'));
  const nodes = await natsServers(folder, size, options);
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });
  await Promise.all(nodes.map((node) => node.start()));
  return nodes;
}

/** Another client, to look at what is there. */
export interface Looker {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** All messages of a stream, in order. */
  readonly messages: (
    stream: string,
  ) => Promise<{ subject: string; headers: Headers; data: Buffer }[]>;
}
type Headers = Record<string, string>;

export async function look(
  nodes: readonly NatsServer[],
  options: { user?: string; pass?: string } = {},
): Promise<Looker> {
  const nc = await connect({ servers: nodes.map(({ address }) => address), ...options });
  onTestFinished(() => nc.close());
  const jsm = await waitFor(() => jetstreamManager(nc, { timeout: 2000 }));
  return {
    nc,
    jsm,
    async messages(stream) {
      const { state } = await jsm.streams.info(stream);
      if (state.messages === 0) return [];
      const consumer = await jetstream(nc).consumers.get(stream);
      const found = [];
      for await (const message of await consumer.consume()) {
        found.push({
          subject: message.subject,
          headers: Object.fromEntries(
            [...(message.headers ?? [])].map(([name, values]) => [name, values[0]]),
          ),
          data: Buffer.from(message.data),
        });
        if (message.info.pending === 0) break;
      }
      return found;
    },
  };
}

/** Tries until it works: a cluster that has just started has no leader for some seconds. */
export async function waitFor<T>(attempt: () => Promise<T> | T, seconds = 20): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
