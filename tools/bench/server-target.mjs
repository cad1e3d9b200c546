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

const [variant, kind, files] = process.argv.slice(2);
const tlsOptions = {
  ...JSON.parse(files ?? '{}'),
  minVersion: 'TLSv1_2',
  maxVersion: 'TLSv1_3',
  watch: false,
};
let received = 0;

// The bare servers are what one writes without the helper: a data listener, an error listener.
async function bare() {
  const serve = (socket) => {
    socket.on('data', (data) => void (received += data.length));
    socket.on('error', () => undefined);
  };
  if (kind === 'udp') {
    const socket = createSocket('udp4').on('message', () => void (received += 1));
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket.address().port;
  }
  const server = kind.startsWith('tls')
    ? createTlsServer((await createServerContext(tlsOptions)).options, serve)
    : createServer({ keepAlive: kind === 'connections' }, serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

async function sluice() {
  const helper = createServerHelper({ log: silentLogger });
  const onData = (data) => void (received += data.length);
  const bind = '127.0.0.1';
  const options = {
    tcp: { bind },
    memory: { bind },
    connections: {
      bind,
      lingerTimeout: 0,
      sendKeepalivePacket: true,
      receiveBufferSize: 262_144,
      sendBufferSize: 262_144,
    },
    udp: { bind, proto: 'udp', maxBytes: 2048 },
    tls: { bind, proto: 'tls', tlsOptions },
    'tls-handshakes': { bind, proto: 'tls', tlsOptions },
  }[kind];
  const callback = kind === 'udp' ? () => void (received += 1) : onData;
  const server = await helper.create('bench', 0, options, callback);
  return server.address().port;
}

process.on('message', (question) => {
  if (question === 'memory') {
    for (let round = 0; round < 4; round += 1) globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send({ memory: heapUsed + external, rss });
  } else {
    const { user, system } = process.cpuUsage();
    process.send({ cpu: user + system, received });
  }
});
process.on('disconnect', () => process.exit());
process.send({ port: await (variant === 'bare' ? bare() : sluice()) });
