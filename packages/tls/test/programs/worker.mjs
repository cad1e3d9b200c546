// A server process on the built package: listens, says its port, and answers `<name>\n`.
import cluster from 'node:cluster';
import net from 'node:net';
import tls from 'node:tls';
import { createServerContext } from '@sluice/tls';

const options = JSON.parse(process.argv[2]);
const context = await createServerContext({ ...options, watch: false });
const server = tls.createServer(context.options, (socket) => {
  socket.on('error', () => undefined);
  socket.end(`${cluster.worker?.id ?? process.pid}\n`);
});
context.attach(server);
const listener = net.createServer((raw) => {
  raw.on('error', () => undefined);
  server.emit('connection', raw);
});
listener.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
  process.send({ port: listener.address().port });
});
