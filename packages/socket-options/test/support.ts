import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { selectBackend, type BackendChoice } from '../src/index.js';

/** Both backends; the suites that go through it have to pass with either. */
export const backends: readonly BackendChoice[] = ['native', 'plain'];

/** Runs a file's or a block's tests with one backend. */
export function withBackend(backend: BackendChoice): void {
  beforeAll(() => {
    selectBackend(backend);
  });
  afterAll(() => {
    selectBackend('auto');
  });
}

type Closable = net.Server | net.Socket | dgram.Socket;
const open: Closable[] = [];

/** Remembers a socket, to be closed when the test ends. */
export function keep<T extends Closable>(socket: T): T {
  open.push(socket);
  return socket;
}

afterEach(() => {
  for (const socket of open.splice(0)) {
    if (socket instanceof net.Socket) socket.destroy();
    else if (socket instanceof net.Server) socket.close();
    else
      try {
        socket.close();
      } catch {
        // closed by the test
      }
  }
});

/** A listener on loopback. */
export async function listen(server: net.Server = net.createServer()): Promise<net.Server> {
  keep(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

export interface Pair {
  server: net.Server;
  /** The accepted side. */
  socket: net.Socket;
  /** The peer, paused. */
  client: net.Socket;
}

/** A connection to a listener; errors of both sides are looked at by those who want to. */
export async function connect(server?: net.Server): Promise<Pair> {
  const listener = server ?? (await listen());
  const client = keep(net.connect(portOf(listener), '127.0.0.1')).pause();
  const accepted = once(listener, 'connection');
  await once(client, 'connect');
  const [socket] = (await accepted) as [net.Socket];
  keep(socket);
  for (const each of [client, socket]) each.on('error', () => undefined);
  return { server: listener, socket, client };
}

/** A UDP socket on loopback. */
export async function bind(): Promise<dgram.Socket> {
  const socket = keep(dgram.createSocket('udp4'));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** How the connection ended for one that reads: in order, or by a reset. */
export async function ending(client: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    client.once('end', () => resolve('FIN'));
    client.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    client.resume();
  });
}

export function descriptor(target: net.Server | net.Socket): number {
  return (target as unknown as { _handle: { fd: number } })._handle.fd;
}

/** The flags that a descriptor was opened with or has got since, as /proc shows them. */
export function descriptorFlags(fd: number): number {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  return Number.parseInt(flags![1], 8);
}

/** State of a TCP socket by the kernel's table, such as `01` (established); undefined once gone. */
export function tcpState(localPort: number, remotePort: number): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'utf8').trim().split('\n')) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    if (local.endsWith(`:${hex(localPort)}`) && remote.endsWith(`:${hex(remotePort)}`)) {
      return state;
    }
  }
  return undefined;
}

/** Looks with the kernel's own calls, whatever backend is under test. */
export function inKernel<T>(backend: BackendChoice, look: () => T): T {
  selectBackend('native');
  try {
    return look();
  } finally {
    selectBackend(backend);
  }
}

/** Waits for something that emits no event, such as a segment's arrival in the kernel. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !condition();) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
