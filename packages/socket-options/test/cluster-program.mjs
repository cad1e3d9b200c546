// A cluster worker sets options on a listener that the primary holds, and shows what an accepted
// socket has in the kernel.
import cluster from 'node:cluster';
import net from 'node:net';
import { applySocketOptions, getSocketOption } from '../dist/index.js';

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', (message) => {
    if (message.port !== undefined) {
      net.connect(message.port, '127.0.0.1').on('error', () => undefined);
      return;
    }
    console.log(JSON.stringify(message));
    worker.kill();
  });
} else {
  const server = net.createServer((socket) => {
    process.send({
      perConnection: report.perConnection,
      actual: [
        getSocketOption(socket, 'SO_RCVTIMEO'),
        getSocketOption(socket, 'TCP_KEEPCNT'),
        getSocketOption(socket, 'SO_KEEPALIVE'),
      ],
    });
  });
  let report;
  server.listen(0, '127.0.0.1', () => {
    report = applySocketOptions(server, { recvTimeout: 4, keepaliveCount: 3 });
    process.send({ port: server.address().port });
  });
}
