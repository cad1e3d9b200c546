import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';

const WINDOW = 8;

/**
 * Sends a payload `chunks` times over one connection, at most eight chunks ahead of their acks.
 *
 * @returns the CPU time of the server in seconds, and the time that passed
 */
export async function load(kind, { bytes, ackBytes, tls = false }, chunks, warmUp) {
  const options = { tls, ackBytes, payloadBytes: bytes.length };
  const server = fork(path.join(import.meta.dirname, 'server.mjs'), [
    kind,
    JSON.stringify(options),
  ]);
  try {
    const [first] = await Promise.race([once(server, 'message'), once(server, 'exit')]);
    if (typeof first !== 'object') throw new Error(`the server ${kind} did not start`);
    const { port } = first;
    const where = { host: '127.0.0.1', port };
    const socket = tls ? connectTls({ ...where, rejectUnauthorized: false }) : connectTcp(where);
    await once(socket, tls ? 'secureConnect' : 'connect');
    await send(socket, bytes, ackBytes, warmUp);
    const before = await usage(server);
    const start = performance.now();
    await send(socket, bytes, ackBytes, chunks);
    const seconds = (performance.now() - start) / 1000;
    const after = await usage(server);
    socket.destroy();
    return { cpu: after.cpu - before.cpu, seconds, memory: after.memory };
  } finally {
    if (server.connected) {
      server.disconnect();
      await once(server, 'exit');
    }
  }
}

function send(socket, bytes, ackBytes, chunks) {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let received = 0;
    const more = () => {
      while (sent < chunks && sent - Math.floor(received / ackBytes) < WINDOW) {
        socket.write(bytes);
        sent++;
      }
    };
    const onData = (data) => {
      received += data.length;
      if (received >= chunks * ackBytes) {
        socket.removeAllListeners();
        resolve();
      } else {
        more();
      }
    };
    socket.on('data', onData);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    more();
  });
}

async function usage(server) {
  server.send('usage');
  return (await once(server, 'message'))[0];
}
