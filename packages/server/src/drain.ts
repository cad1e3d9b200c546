import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';

/**
 * Brings connections to their end: what the kernel has received is read and given to the consumer
 * (until a turn of the event loop brings nothing more, at most for half of the time), the
 * consumer's promises are waited for, what was written is flushed. Whoever is not done by then is
 * reset.
 * @internal
 */
export async function drain(
  connections: ReadonlySet<Connection>,
  milliseconds: number,
): Promise<void> {
  const start = performance.now();
  const readUntil = start + milliseconds / 2;
  const seen = new Map<Connection, number>();
  for (let turns = 0; connections.size > 0; turns += 1) {
    const now = performance.now();
    if (now - start >= milliseconds) break;
    for (const connection of connections) {
      if (connection.busy || connection.finishing) continue;
      const { bytesRead } = connection;
      if (seen.get(connection) === bytesRead || now >= readUntil) connection.finish();
      else seen.set(connection, bytesRead);
    }
    // The first turns find nearly every connection idle; who takes longer is not spun for.
    await (turns < 5 ? turn() : delay(5));
  }
  for (const connection of [...connections]) connection.abort('shutdown-timeout');
  while (connections.size > 0) await turn();
}
