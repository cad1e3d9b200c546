import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import * as formats from '@sluice/formats';
import { defineSection, t } from '@sluice/config';
import {
  defineServiceDiscovery,
  ServiceDiscovery,
  type ChunkInfo,
  type PluginContext,
  type Service,
} from '@sluice/plugin';
import { createDriver, type OutputDriver, type TestClock } from '@sluice/plugin/testing';
import { EventStream } from '@sluice/event-stream';
import { onTestFinished } from 'vitest';
import { httpOutput } from '../src/index.js';

/** A request as a server got it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The port of the client: one for each connection. */
  readonly from: number;
}

/** A server that notes what it gets. */
export class TestServer {
  readonly got: Got[] = [];
  readonly port: number;
  /** What it answers; by default nothing but 200. */
  answer: (response: ServerResponse, got: Got) => void = (response) => void response.end();

  constructor(readonly server: Server) {
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const got = {
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(pieces),
          from: request.socket.remotePort ?? 0,
        };
        this.got.push(got);
        this.answer(response, got);
      });
    });
  }

  static async start(server: Server = createServer()): Promise<TestServer> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return new TestServer(server);
  }
}

class Listed extends ServiceDiscovery {
  constructor(
    context: PluginContext,
    readonly list: readonly Service[],
  ) {
    super(context);
  }

  services(): readonly Service[] {
    return this.list;
  }
}

/** A service discovery that knows the servers of its parameter, as JSON. */
const listed = defineServiceDiscovery({
  type: 'listed',
  description: 'Servers of a test.',
  section: defineSection({ name: 'service_discovery', params: { servers: t.string() } }),
  create: ({ servers }, context) => new Listed(context, JSON.parse(servers) as Service[]),
});

/** The section of servers on this machine. */
export function discovery(...servers: Omit<Service, 'host'>[]): string {
  const list = servers.map((server) => ({ host: '127.0.0.1', ...server }));
  return `<service_discovery>\n@type listed\nservers ${JSON.stringify(list)}\n</service_discovery>`;
}

/** An output that runs until the end of the test. */
export async function start(text: string, clock?: TestClock): Promise<OutputDriver> {
  const driver = createDriver(httpOutput, text, {
    plugins: [formats, { listed }],
    ...(clock && { clock }),
  });
  onTestFinished(async () => {
    await driver.stop();
  });
  await driver.start();
  return driver;
}

/** Writes a chunk, as a buffer does. */
export function writeChunk(
  driver: OutputDriver,
  tag: string,
  records: Record<string, unknown>[],
  metadata: Partial<ChunkInfo['metadata']> = {},
): Promise<void> {
  const stream = EventStream.fromEvents(records.map((record) => ({ time: 5, record })));
  const chunk = { id: 'chunk-1', metadata: { tag, ...metadata } };
  return driver.plugin.write(tag, stream, chunk) as Promise<void>;
}
