/**
 * The sender, a process of its own: `fork('generator.mjs')`. Takes `{ connect: … }`, then any number
 * of `{ send: CHUNKS }`; answers each with what it measured. Each connection keeps `window` chunks
 * under way and sends the next one when an ack has come.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { payload } from './payloads.mjs';

let sockets = [];
let chunk;
let window;

async function open({ port, tls, connections, mode, events, size, ahead }) {
  chunk = payload(mode, events, size);
  window = ahead;
  const where = { host: '127.0.0.1', port, noDelay: true };
  for (let n = 0; n < connections; n += 1) {
    const socket = tls ? connectTls({ ...where, rejectUnauthorized: false }) : connectTcp(where);
    await once(socket, tls ? 'secureConnect' : 'connect');
    sockets.push(socket);
  }
  return { bytes: chunk.bytes.length };
}

/** Sends `chunks` chunks over all connections together, and waits for their acks. */
async function send(chunks) {
  const latencies = [];
  const before = process.cpuUsage();
  const start = performance.now();
  let left = chunks;
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve, reject) => {
          const sent = []; // when each chunk under way was handed over
          let received = 0;
          const more = () => {
            while (left > 0 && sent.length < window) {
              left -= 1;
              sent.push(performance.now());
              socket.write(chunk.bytes);
            }
            if (sent.length > 0) return;
            socket.removeAllListeners();
            resolve();
          };
          socket.on('data', (data) => {
            received += data.length;
            const now = performance.now();
            while (received >= chunk.ackBytes) {
              received -= chunk.ackBytes;
              latencies.push(now - sent.shift());
            }
            more();
          });
          socket.on('error', reject);
          socket.on('close', () => reject(new Error('the server closed the connection')));
          more();
        }),
    ),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const at = (part) =>
    latencies[Math.min(Math.floor(latencies.length * part), latencies.length - 1)];
  return { seconds, cpu: (user + system) / 1e6, p50: at(0.5), p99: at(0.99) };
}

process.on('message', async (message) => {
  try {
    process.send(await (message.connect ? open(message.connect) : send(message.send)));
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('disconnect', () => process.exit());
