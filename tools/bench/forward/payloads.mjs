import { gzipSync } from 'node:zlib';
import { EventStream, EventTime } from '../../../packages/event-stream/dist/index.js';
import {
  encodeAck,
  encodeForward,
  encodeMessage,
  encodePackedForward,
} from '../../../packages/forward-protocol/dist/index.js';

const CHUNK = Buffer.alloc(16, 7).toString('base64');
const TAG = 'bench.access';

/** What a packed event takes where its last field is empty. */
const BARE = 87;

/** `count` events as a web server logs them, of about `size` bytes each. */
export function events(count, size = 98) {
  const agent = size <= 98 ? 'Mozilla/5.0' : 'Mozilla/5.0'.padEnd(size - BARE, ' (X11; Linux)');
  return Array.from({ length: count }, (_, n) => ({
    time: new EventTime(1_700_000_000 + n, 123_456_789),
    record:
      size < 80
        ? { n, path: '/articles'.padEnd(size - 24, 'x') }
        : {
            host: `192.0.2.${n % 256}`,
            method: 'GET',
            path: `/articles/${n}`,
            status: 200,
            size: 1000 + n,
            agent,
          },
  }));
}

/** What a client sends for one chunk, and how many bytes of acks it gets back. */
export function payload(mode, count, size) {
  const list = events(count, size);
  const stream = EventStream.fromEvents(list);
  const option = { chunk: CHUNK, size: count };
  const ack = encodeAck(CHUNK);
  switch (mode) {
    case 'message':
      return {
        bytes: Buffer.concat(list.map((event) => encodeMessage(TAG, event, { chunk: CHUNK }))),
        ackBytes: ack.length * count,
      };
    case 'forward':
      return { bytes: encodeForward(TAG, stream, option), ackBytes: ack.length };
    case 'gzip': {
      const compressed = gzipSync(stream.bytes);
      return {
        bytes: encodePackedForward(TAG, compressed, { ...option, compressed: 'gzip' }),
        ackBytes: ack.length,
      };
    }
    default:
      return { bytes: encodePackedForward(TAG, stream, option), ackBytes: ack.length };
  }
}
