/**
 * One server process of `server.mjs`: `bare` on Node's own servers or `sluice` on the helper, doing
 * the same work. Over IPC it tells its port, and on request its CPU time, its memory and what it
 * has received.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createServerHelper, silentLogger } from '@sluice/server';
import { createServerContext } from '@sluice/tls';

const [variant, kind = 'tcp', files] = process.argv.slice(2);
const tlsOptions = {
  ...JSON.parse(files ?? '{}'),
  minVersion: 'TLSv1_2',
  maxVersion: 'TLSv1_3',
  watch: false,
};
let received = 0;
/** @param {{ address(): unknown }} server */
const portOf = (server) => /** @type {{ port: number }} */ (server.address()).port;
/** @param {unknown} answer */
const tell = (answer) => process.send?.(answer);

// The bare servers are what one writes without the helper: a data listener, an error listener.
async function bare() {
  /** @param {import('node:net').Socket} socket */
  const serve = (socket) => {
    socket.on('data', (data) => void (received += data.length));
    socket.on('error', () => undefined);
  };
  if (kind === 'udp') {
    const socket = createSocket('udp4').on('message', () => void (received += 1));
    await new Promise((resolve) => void socket.bind(0, '127.0.0.1', () => resolve(null)));
    return portOf(socket);
  }
  const server = kind.startsWith('tls')
    ? createTlsServer((await createServerContext(tlsOptions)).options, serve)
    : createServer({ keepAlive: kind === 'connections' }, serve);
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(null)));
  return portOf(server);
}

async function sluice() {
  const helper = createServerHelper({ log: silentLogger });
  /** @param {Buffer} data */
  const onData = (data) => void (received += data.length);
  const bind = '127.0.0.1';
  const linger = {
    lingerTimeout: 0,
    sendKeepalivePacket: true,
    receiveBufferSize: 262_144,
    sendBufferSize: 262_144,
  };
  if (kind === 'udp') {
    const count = () => void (received += 1);
    return portOf(await helper.createUdp('bench', 0, { bind, maxBytes: 2048 }, count));
  }
  if (kind.startsWith('tls')) {
    return portOf(await helper.createTls('bench', 0, { bind, tlsOptions }, onData));
  }
  const options = kind === 'connections' ? { bind, ...linger } : { bind };
  return portOf(await helper.createTcp('bench', 0, options, onData));
}

process.on('message', (question) => {
  if (question === 'memory') {
    for (let round = 0; round < 4; round += 1) globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    tell({ memory: heapUsed + external, rss });
  } else {
    const { user, system } = process.cpuUsage();
    tell({ cpu: user + system, received });
  }
});
process.on('disconnect', () => process.exit());
tell({ port: await (variant === 'bare' ? bare() : sluice()) });
