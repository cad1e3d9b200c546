import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { parseConfig } from '@sluice/config';
import {
  ForwardReader,
  ForwardSecurity,
  ServerHandshake,
  encodeAck,
  type ForwardMessage,
} from '@sluice/forward-protocol';
import { onTestFinished } from 'vitest';
import { ForwardOutput, forwardOutputSection } from '../../src/index.js';

export interface ServerOptions {
  /** Whether a message gets its ack. Default: always. */
  ack?: (message: ForwardMessage, socket: Socket) => boolean;
  security?: ForwardSecurity;
}

/** A forward server that keeps what it got. */
export async function startServer({ ack = () => true, security }: ServerOptions = {}) {
  const messages: ForwardMessage[] = [];
  const sockets = new Set<Socket>();
  let changed = (): void => undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      changed();
    });
    socket.on('error', () => undefined);
    const reader = new ForwardReader({
      onMessage: (message) => {
        messages.push(message);
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
        void reader.push(data);
        return;
      }
      const result = handshake.push(data);
      if (result === undefined) return;
      socket.write(result.reply);
      handshake = undefined;
      if (!result.ok) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(close);
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    sockets,
    close,
    records: () => messages.flatMap(({ stream }) => [...stream].map(({ record }) => record)),
    until: async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
    },
  };
}

export const server = (port: number, more = ''): string =>
  `<server>\nhost 127.0.0.1\nport ${port}\n${more}\n</server>\n`;

export function readSection(text: string): ReturnType<(typeof forwardOutputSection)['read']> {
  const root = parseConfig(`<match **>\n@type forward\n${text}\n</match>\n`, { path: 'test.conf' });
  return forwardOutputSection.read(root.elements[0]);
}

/** A started output; closed with the test. */
export async function startOutput(text: string) {
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const log = {
    trace: quiet,
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (fields: object, message: string) => {
      warnings.push(`${message}: ${String((fields as { reason?: string }).reason)}`);
    },
  };
  const output = new ForwardOutput({ id: 'test', log }, readSection(text));
  onTestFinished(() => output.close());
  await output.start();
  return { output, warnings };
}
