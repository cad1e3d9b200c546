/**
 * What is left when nothing is looked at: reads into one buffer that is used again, counts bytes, and
 * writes an ack for each chunk. `node sink.mjs FILE` with its settings as JSON.
 */
import { readFileSync } from 'node:fs';
import { Socket, createServer } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import { payload } from './payloads.mjs';

const { port, mode, events, size, certificate } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { bytes, ackBytes } = payload(mode, events, size);
const ack = Buffer.alloc(ackBytes, 0x61);
const buffer = Buffer.allocUnsafe(65_536);
const secureContext =
  certificate &&
  createSecureContext({
    cert: readFileSync(certificate.cert),
    key: readFileSync(certificate.key),
  });

/** A function that is told how many bytes came. */
function acker(socket) {
  let waiting = 0;
  socket.on('error', () => undefined);
  return (count) => {
    waiting += count;
    for (; waiting >= bytes.length; waiting -= bytes.length) socket.write(ack);
  };
}

createServer({ pauseOnConnect: secureContext === undefined }, (accepted) => {
  if (secureContext === undefined) {
    const handle = accepted._handle;
    accepted._handle = null;
    const onread = { buffer, callback: (count) => (count > 0 ? (came(count), true) : true) };
    const socket = new Socket({ handle, onread });
    const came = acker(socket);
    socket.resume();
    return;
  }
  const socket = new TLSSocket(accepted, { isServer: true, secureContext });
  const came = acker(socket);
  socket.on('data', (data) => came(data.length));
}).listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit());
