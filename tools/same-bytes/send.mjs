/** Sends the events of a case over a connection of its own, in their order. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { encodeValue } from '@sluice/event-stream';
import { jsonToMessagePack } from './json-to-msgpack.mjs';

/**
 * @param {string} line tag, time, and JSON or `hex:` and MessagePack
 * @returns {Buffer} a message of the forward protocol
 */
function message(line, chunk) {
  const [, tag, time, record] = /^(\S*) (\S+) (.*)$/.exec(line) ?? [];
  if (record === undefined) throw new Error(`not an event: ${line}`);
  return Buffer.concat([
    Buffer.from([0x94]),
    encodeValue(tag.replaceAll('\\n', '\n')),
    timeBytes(time),
    record.startsWith('hex:') ? Buffer.from(record.slice(4), 'hex') : jsonToMessagePack(record),
    encodeValue({ chunk }),
  ]);
}

/** @param {string} text `1700000000` is an integer, `1700000000.5` an EventTime */
function timeBytes(text) {
  const [seconds, fraction] = text.split('.');
  if (fraction === undefined) return encodeValue(Number(seconds));
  const bytes = Buffer.from('d7000000000000000000', 'hex');
  bytes.writeUInt32BE(Number(seconds), 2);
  bytes.writeUInt32BE(Number(fraction.padEnd(9, '0')), 6);
  return bytes;
}

/**
 * @param {import('./case-files.mjs').Case} one
 * @param {{ forward?: number, port: number }} ports
 */
export async function send(one, { forward, port }) {
  if (one.events.length > 0) await sendEvents(one.events, forward ?? port);
  if (one.tcp.length > 0) await sendTcp(one.tcp, port);
  for (const text of one.udp) await sendUdp(text, port);
}

/** One after another, each when the one before is acknowledged, or refused by a closed connection. */
async function sendEvents(events, port) {
  let socket = await connected(port);
  for (const [index, line] of events.entries()) {
    socket.write(message(line, Buffer.from(`case${index}`).toString('base64')));
    const acked = await new Promise((resolve) => {
      const done = (data) => {
        socket.off('data', done).off('close', done);
        resolve(data instanceof Buffer);
      };
      socket.on('data', done).on('close', done);
    });
    if (acked) continue;
    socket.destroy();
    socket = await connected(port);
  }
  socket.destroy();
}

async function sendTcp(texts, port) {
  const socket = await connected(port);
  socket.end(texts.map((text) => `${unescaped(text)}\n`).join(''), 'latin1');
  await once(socket, 'finish');
  socket.resume();
}

async function sendUdp(text, port) {
  const socket = dgram.createSocket('udp4');
  await new Promise((resolve, reject) => {
    socket.send(Buffer.from(unescaped(text), 'latin1'), port, '127.0.0.1', (error) =>
      error ? reject(error) : resolve(undefined),
    );
  });
  socket.close();
}

/** `\xff` and `\r` stand for bytes. */
const unescaped = (text) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\\r', '\r');

async function connected(port) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined); // its end is what counts
  return socket;
}
