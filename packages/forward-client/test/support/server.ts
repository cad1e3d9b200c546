import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls, { type TlsOptions } from 'node:tls';
import {
  ForwardReader,
  ForwardSecurity,
  ServerHandshake,
  encodeAck,
  type ForwardMessage,
} from '@sluice/forward-protocol';
import { onTestFinished } from 'vitest';

export interface ServerOptions {
  /** Whether a message gets its ack. Default: always. */
  ack?: (message: ForwardMessage, socket: Socket) => boolean;
  security?: ForwardSecurity;
  tls?: TlsOptions;
  /** Listens on a Unix socket. */
  unix?: boolean;
  /** What to do with a connection in place of all that. */
  onConnection?: (socket: Socket) => void;
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A forward server that keeps what it got; closed with the test. */
export async function startServer(options: ServerOptions = {}) {
  const messages: ForwardMessage[] = [];
  const sockets = new Set<Socket>();
  let changed = (): void => undefined;
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      changed();
    });
    socket.on('error', () => undefined);
    if (options.onConnection) options.onConnection(socket);
    else
      read(
        socket,
        options,
        (message) => messages.push(message),
        () => changed(),
      );
    changed();
  };
  const server: Server = options.tls ? tls.createServer(options.tls, serve) : createServer(serve);
  // What a client does wrong during the handshake is the client's test.
  server.on('tlsClientError', () => undefined);
  const file = path.join(options.unix === true ? temporaryFolder() : '', 'forward.sock');
  if (options.unix === true) server.listen(file);
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: options.unix === true ? 0 : (server.address() as AddressInfo).port,
    path: file,
    messages,
    sockets,
    records: () => messages.flatMap(({ stream }) => [...stream].map(({ record }) => record)),
    until: async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
    },
  };
}

function read(
  socket: Socket,
  { ack = () => true, security }: ServerOptions,
  onMessage: (message: ForwardMessage) => void,
  changed: () => void,
): void {
  const reader = new ForwardReader({
    onMessage: (message) => {
      onMessage(message);
      if (message.chunk !== undefined && ack(message, socket)) {
        socket.write(encodeAck(message.chunk));
      }
      changed();
    },
  });
  let handshake =
    security === undefined ? undefined : new ServerHandshake(security, { address: '127.0.0.1' });
  if (handshake !== undefined) socket.write(handshake.helo());
  socket.on('data', (data) => {
    if (handshake === undefined) {
      // Bytes that are no messages end the connection, as in a real server.
      try {
        void Promise.resolve(reader.push(data)).catch(() => socket.destroy());
      } catch {
        socket.destroy();
      }
      return;
    }
    const result = handshake.push(data);
    if (result === undefined) return;
    socket.write(result.reply);
    handshake = undefined;
    if (!result.ok) socket.end();
  });
}
