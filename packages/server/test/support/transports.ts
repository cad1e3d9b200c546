import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll } from 'vitest';
import type { Protocol, ServerHandle, StreamOptions } from '../../src/index.js';

/** One of the transports with connections, as the compliance suite sees it. */
export interface Transport {
  /** For the titles of tests. */
  name: string;
  protocol: Exclude<Protocol, 'udp'>;
  /** What `create` needs for it. */
  options(): StreamOptions;
  /** A client that is half-open, so that a FIN is not answered by itself. */
  connect(server: ServerHandle): Socket;
}

const folder = mkdtempSync(path.join(tmpdir(), 'sluice-server-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let paths = 0;

/** A path for a Unix socket that nothing uses. */
export function freshPath(): string {
  paths += 1;
  return path.join(folder, `${paths}.sock`);
}

export const tlsOptions = { insecure: true, generatePrivateKeyType: 'ecdsa' } as const;

export const tcp: Transport = {
  name: 'tcp',
  protocol: 'tcp',
  options: () => ({ proto: 'tcp', bind: '127.0.0.1' }),
  connect: (server) => quiet(connectTcp({ ...at(server), allowHalfOpen: true })),
};

export const tls: Transport = {
  name: 'tls',
  protocol: 'tls',
  options: () => ({ proto: 'tls', bind: '127.0.0.1', tlsOptions }),
  connect: (server) =>
    quiet(
      connectTls({
        rejectUnauthorized: false,
        socket: connectTcp({ ...at(server), allowHalfOpen: true }),
      }),
    ),
};

export const unix: Transport = {
  name: 'unix',
  protocol: 'unix',
  options: () => ({ proto: 'unix', path: freshPath() }),
  connect: (server) => quiet(connectTcp({ path: server.address() as string, allowHalfOpen: true })),
};

export const transports = [tcp, tls, unix];

function reusing(transport: Transport): Transport {
  return {
    ...transport,
    name: `${transport.name} with reuseReadBuffers`,
    options: () => ({ ...transport.options(), reuseReadBuffers: true }),
  };
}

/** Over buffers that are used again, too; what is given back is overwritten in tests. */
export const bothWays = [...transports, ...transports.map(reusing)];
export const proxiedBothWays = [tcp, tls, reusing(tcp), reusing(tls)];

/** A reset is an outcome that a test may look at, and no reason to end the process. */
function quiet(client: Socket): Socket {
  return client.on('error', () => undefined);
}

/** Host and port of a server. */
export function at(server: ServerHandle): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address === '0.0.0.0' ? '127.0.0.1' : address, port };
}
