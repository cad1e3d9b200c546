import { setImmediate as turn } from 'node:timers/promises';
import type { ConnectionState } from '../connection/state.js';
import type { Connections } from './connections.js';

/**
 * Brings connections to their end: what the kernel has received is read and given to the consumer
 * (until a turn of the event loop brings nothing more, at most for half of the time), the
 * consumer's promises are waited for, what was written is flushed. Those that are not done by
 * then are reset.
 * @internal
 */
export async function drain(connections: Connections, milliseconds: number): Promise<void> {
  const readUntil = performance.now() + milliseconds / 2;
  const timer = setTimeout(() => {
    for (const connection of [...connections]) connection.abort('shutdown-timeout');
  }, milliseconds);
  for (const connection of connections) void finishWhenRead(connection, readUntil);
  await connections.empty();
  clearTimeout(timer);
}

async function finishWhenRead(connection: ConnectionState, readUntil: number): Promise<void> {
  const { delivery, socket } = connection;
  let seen = -1;
  while (connection.status === 'open') {
    if (delivery.busy) {
      await delivery.idle();
      continue;
    }
    const { bytesRead } = socket;
    if (bytesRead === seen || performance.now() >= readUntil) break;
    seen = bytesRead;
    await turn();
  }
  connection.finish();
}
