/**
 * What is fuzzed: each takes bytes, and throws only for what is a finding. Errors that say what is wrong
 * with the bytes are answers, not findings.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeValue, EventStream } from '@sluice/event-stream';
import {
  ClientHandshake,
  encodeForward,
  encodeMessage,
  encodePackedForward,
  ForwardReader,
  ForwardSecurity,
  ServerHandshake,
} from '@sluice/forward-protocol';
import { parseConfig } from '@sluice/config';
import {
  encodeHeader,
  encodeRecordHead,
  seedOf,
} from '../../../packages/buffer/dist/chunk-format.js';
import { outlineOf, readChunk } from '../../../packages/buffer/dist/file/chunk-reader.js';
import { parseProxyHeader } from '../../../packages/server/dist/accept/proxy-protocol.js';

/** @throws any error but those named */
async function allow(names, call) {
  try {
    return await call();
  } catch (error) {
    if (!names.includes(error?.name)) throw error;
    return undefined;
  }
}

const events = [
  { time: 1, record: { a: 1, b: 'text', c: [1, null, true, 1.5, { d: {} }] } },
  { time: 2, record: { e: -1, f: 2 ** 40 } },
];

/** Reads everything that can be read of a stream. */
function use(stream) {
  for (const event of stream) void event.record;
  stream.toJsonLines();
}

async function readForward(bytes) {
  const cut = bytes.length > 2 ? bytes[0] % bytes.length : 0;
  const read = async (pieces) => {
    const seen = [];
    const reader = new ForwardReader({
      chunkSizeLimit: 1024 * 1024,
      decompressionSizeLimit: 1024 * 1024,
      onMessage: ({ tag, stream }) => {
        use(stream);
        seen.push([tag, stream.count]);
      },
    });
    await allow(['ForwardProtocolError'], async () => {
      for (const piece of pieces) await reader.push(piece);
    });
    return seen;
  };
  const whole = await read([bytes]);
  const parts = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
  // However the bytes are cut, the same messages come, as far as both have been read.
  const both = Math.min(whole.length, parts.length);
  if (JSON.stringify(whole.slice(0, both)) !== JSON.stringify(parts.slice(0, both))) {
    throw new Error('a message depends on how its bytes are cut');
  }
}

const security = new ForwardSecurity({
  selfHostname: 'server',
  sharedKey: 'key',
  userAuth: true,
  users: [{ username: 'user', password: 'password' }],
});

async function handshake(bytes) {
  await allow(['ForwardProtocolError'], () => {
    const server = new ServerHandshake(security, { address: '127.0.0.1' });
    server.helo();
    const result = server.push(bytes);
    if (result?.ok === true) throw new Error('bytes that know no key were let in');
  });
  await allow(['ForwardProtocolError'], () => {
    const client = new ClientHandshake({ selfHostname: 'client', sharedKey: 'key' });
    const step = client.push(bytes);
    if (step.done) throw new Error('a server that knows no key was trusted');
  });
}

/** No file is read: what an @include names is never there. */
const noFiles = {
  read() {
    throw Object.assign(new Error('there are no files'), { code: 'ENOENT' });
  },
  find: () => [],
  realPath: (file) => file,
};

async function configuration(bytes) {
  const text = bytes.toString();
  for (const file of ['fuzz.conf', 'fuzz.yaml']) {
    await allow(['ConfigError', 'ConfigErrors'], () =>
      parseConfig(text, { path: file, files: noFiles }),
    );
  }
}

async function proxyHeader(bytes) {
  await allow(['ProxyHeaderError'], () => {
    const header = parseProxyHeader(bytes);
    if (header !== undefined && header.length > bytes.length) {
      throw new Error('a header is longer than its bytes');
    }
  });
}

const id = '0123456789abcdef'.repeat(2);
let folder;

async function bufferFile(bytes) {
  folder ??= mkdtempSync(path.join(os.tmpdir(), 'sluice-fuzz-'));
  const file = path.join(folder, 'buffer.log');
  writeFileSync(file, bytes);
  await allow(['ChunkFormatError'], () => outlineOf(file));
  try {
    const { stream } = await readChunk(file);
    use(stream);
  } catch (error) {
    if (error.name !== 'ChunkFormatError') throw error;
  }
}

function chunkFile(packed) {
  const { bytes } = EventStream.fromEvents(events);
  const payload = packed ? gzipSync(bytes) : bytes;
  const head = encodeRecordHead([payload], bytes.length, 2, seedOf(id));
  const header = encodeHeader({
    id,
    metadata: { tag: 'a', timekey: 1, variables: { b: 'c' } },
    createdAt: 1,
  });
  return Buffer.concat([header, head, payload, head, payload]);
}

/** By name: what takes the bytes, the files whose coverage guides, and what to begin with. */
export const targets = {
  reader: {
    run: readForward,
    covers: ['forward-protocol', 'event-stream'],
    seeds: [
      encodeMessage('tag', events[0], { chunk: 'a' }),
      encodeForward('tag', events, { chunk: 'b', size: 2 }),
      encodePackedForward('tag', events, { chunk: 'c' }),
      encodePackedForward('tag', events, { chunk: 'd', compressed: 'gzip' }),
      Buffer.from('["tag",1,{"a":1},{"chunk":"e"}]["tag",[[1,{"b":[]}]]]'),
      Buffer.of(0xc0),
    ],
  },
  handshake: {
    run: handshake,
    covers: ['forward-protocol'],
    seeds: [
      encodeValue(['HELO', { nonce: 'nonce', auth: 'salt', keepalive: true }]),
      encodeValue(['PING', 'client', 'salt', '0'.repeat(128), 'user', '0'.repeat(128)]),
      encodeValue(['PONG', true, '', 'server', '0'.repeat(128)]),
    ],
  },
  configuration: {
    run: configuration,
    covers: ['config'],
    seeds: [
      '<source>\n  @type forward\n  port 24224 # comment\n</source>\n<match a.** b>\n  x "a#{1 + 1}\\n"\n  y [1, {"z": null}]\n</match>\n',
      '@include a.conf\n<system>\n  a \'b\'\n  c {"d":\n  1}\n</system>\n',
      'system:\n  workers: 2\nconfig:\n  - source:\n      $type: forward\n      port: 24224\n',
      'a "#{ENV.fetch(\'A\', "b")}#{use_nil}#{worker_id}"\n',
    ].map((text) => Buffer.from(text)),
  },
  'proxy header': {
    run: proxyHeader,
    covers: ['server'],
    seeds: [
      Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nrest'),
      Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 65535 1\r\n'),
      Buffer.from('PROXY UNKNOWN\r\n'),
      Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c000020200010002', 'hex'),
      Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
    ],
  },
  'buffer file': {
    run: bufferFile,
    covers: ['buffer'],
    seeds: [chunkFile(false), chunkFile(true)],
  },
};

export function cleanUp() {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
