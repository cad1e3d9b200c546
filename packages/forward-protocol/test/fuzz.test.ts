import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { EventStream, EventTime, encodeValue } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import {
  ForwardProtocolError,
  ForwardReader,
  encodeForward,
  encodeMessage,
  encodePackedForward,
} from '../src/index.js';
import { heldMemory } from '../src/pooled-memory.js';

const INPUTS = 200_000;
const SEED = 0x5eed;
const LIMIT = 4096;

/** A small generator with a seed: the same inputs in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const stream = EventStream.fromEvents([
  {
    time: new EventTime(1_700_000_000, 5),
    record: { message: 'text', n: 1, list: [1, { a: null }] },
  },
  { time: 0, record: { message: 'x'.repeat(300), f: 1.5, big: 2n ** 60n } },
  { time: 1, record: {}, metadata: { source: 'm' } },
]);
const option = { chunk: 'Y2h1bms=', size: 3 };
const frames = [
  encodeMessage('a.b', { time: 1, record: { n: 1 } }, option),
  encodeMessage('a.b', { time: new EventTime(1_700_000_000, 5), record: { n: 'x' } }, option),
  encodeMessage('a', { time: 1_700_000_000, record: { list: [{}] } }),
  encodeForward('a.b', stream, option),
  encodePackedForward('a.b', stream, option),
  encodePackedForward('a.b', stream),
  encodePackedForward('a', Buffer.of(1, 2, 3), { fluent_signal: 1 }),
  Buffer.of(0xc0),
  encodeValue([
    't',
    [
      [1, {}],
      ['x', 'y'],
      [0, { a: Buffer.from('bin') }],
    ],
  ]),
  Buffer.from('["a",1,{"n":[1,"]\\""]},{"chunk":"c"}]["b",[[0,{}]]]'),
];
const compressed = encodePackedForward('z', gzipSync(stream.bytes), {
  ...option,
  compressed: 'gzip',
});
// Heads of values with a length or a count, which is what breaks readers.
const HEADS = [0xc1, 0xc6, 0xc9, 0xd7, 0xdb, 0xdc, 0xdd, 0xdf, 0x9f, 0x8f, 0xff, 0x00];

function mutate(pick: (below: number) => number, source: Buffer): Buffer {
  const bytes = Buffer.from(source);
  for (let times = pick(4); times > 0; times--) {
    const at = pick(bytes.length);
    switch (pick(6)) {
      case 0:
        bytes[at] ^= 1 << pick(8);
        break;
      case 1:
        bytes[at] = HEADS[pick(HEADS.length)];
        break;
      case 2:
        bytes.writeUInt8(pick(256), at);
        break;
      case 3:
        bytes.copy(bytes, at, pick(bytes.length)); // a part again, elsewhere
        break;
      case 4:
        bytes.fill(HEADS[pick(HEADS.length)], at, Math.min(at + 1 + pick(5), bytes.length));
        break;
      default:
        return bytes.subarray(0, at); // the end is missing
    }
  }
  return bytes;
}

interface Outcome {
  seen: string[];
  error: string | undefined;
}

/** What a reader makes of the bytes, in the pieces that end at the given places. */
function read(
  bytes: Buffer,
  cuts: readonly number[],
  onWait: (wait: Promise<void>) => void,
  ownsBytes: boolean,
): Outcome {
  const outcome: Outcome = { seen: [], error: undefined };
  const reader = new ForwardReader({
    chunkSizeLimit: LIMIT,
    decompressionSizeLimit: LIMIT,
    ownsBytes,
    onMessage: ({ mode, tag, stream: { count, bytes: entries }, invalid, chunk, size }) => {
      // Everything that is handed on can be read.
      const lines = EventStream.fromPacked(entries).toJsonLines();
      expect(lines.filter((byte) => byte === 0x0a).length).toBe(count);
      outcome.seen.push([mode, tag, count, invalid, chunk, size].join(' '));
    },
    onHeartbeat: () => outcome.seen.push('heartbeat'),
    onRefused: ({ reason }) => outcome.seen.push(reason),
  });
  let start = 0;
  try {
    for (const cut of [...cuts, bytes.length]) {
      // The bytes are valid until the push has settled, and no longer.
      const piece = Buffer.from(bytes.subarray(start, cut));
      const wait = reader.push(piece);
      if (wait === undefined) piece.fill(0xc1);
      else onWait(overwriteAfter(wait, piece));
      start = cut;
      expect(reader.bufferedBytes).toBeLessThanOrEqual(LIMIT + 64);
    }
  } catch (error) {
    if (!(error instanceof ForwardProtocolError)) throw error;
    outcome.error = error.code;
  }
  readers.push(reader);
  return outcome;
}

/** Those of the last input; closed when they have inflated all. */
let readers: ForwardReader[] = [];

function closeReaders(): void {
  for (const reader of readers) reader.close();
  readers = [];
}

test(
  `${INPUTS} mutated inputs, cut anywhere: no crash, no hang, no growth`,
  { timeout: 120_000 },
  async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const pick = random(SEED);
    const unexpected = new Error('a sound input waits for an inflation');
    let failures = 0;
    let delivered = 0;
    let heap = 0;
    for (let input = 0; input < INPUTS; input++) {
      const first = frames[pick(frames.length)];
      // A sound message after the broken one shows whether the reader has found its way again.
      const bytes = Buffer.concat([mutate(pick, first), mutate(pick, frames[pick(frames.length)])]);
      if (bytes.length === 0) continue;
      const cuts = Array.from({ length: pick(6) }, () => pick(bytes.length)).sort((a, b) => a - b);
      const waits: Promise<void>[] = [];
      const owns = pick(2) === 0;
      const whole = read(bytes, [], (wait) => waits.push(wait), owns);
      const cut = read(bytes, cuts, (wait) => waits.push(wait), !owns);
      // A flipped bit may make an option "compressed" out of another, but hardly ever.
      if (waits.length > 0) {
        const settled = await Promise.allSettled(waits);
        for (const result of settled) {
          if (result.status === 'rejected' && !(result.reason instanceof ForwardProtocolError)) {
            throw unexpected;
          }
        }
        closeReaders();
        continue;
      }
      closeReaders();
      if (whole.error !== cut.error || whole.seen.join() !== cut.seen.join()) {
        expect({ input, cuts, bytes: bytes.toString('hex'), ...cut }).toEqual({
          input,
          cuts,
          bytes: bytes.toString('hex'),
          ...whole,
        });
      }
      if (whole.error !== undefined) failures++;
      delivered += whole.seen.length;
      if (input === INPUTS / 4) {
        gc();
        heap = process.memoryUsage().heapUsed;
      }
    }
    gc();
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(16 * 1024 * 1024);
    // The inputs reach both what is accepted and what is refused.
    expect(failures).toBeGreaterThan(INPUTS / 20);
    expect(delivered).toBeGreaterThan(INPUTS / 2);
    // Nobody keeps memory that others want to use.
    expect(heldMemory()).toBe(0);
  },
);

test(
  '2,000 mutated compressed inputs keep their order or end the reader',
  { timeout: 60_000 },
  async () => {
    const pick = random(SEED);
    for (let input = 0; input < 2000; input++) {
      const bytes = Buffer.concat([mutate(pick, compressed), compressed, frames[0]]);
      const whole = await readAll(bytes, bytes.length);
      const cut = await readAll(bytes, 1 + pick(80));
      expect({ input, ...cut }).toEqual({ input, ...whole });
    }
    expect(heldMemory()).toBe(0);
  },
);

function overwriteAfter(wait: Promise<void>, bytes: Buffer): Promise<void> {
  return wait.finally(() => bytes.fill(0xc1));
}

async function readAll(bytes: Buffer, size: number): Promise<Outcome> {
  const outcome: Outcome = { seen: [], error: undefined };
  const reader = new ForwardReader({
    chunkSizeLimit: LIMIT,
    decompressionSizeLimit: LIMIT,
    onMessage: ({ mode, tag, stream: { count } }) => outcome.seen.push(`${mode} ${tag} ${count}`),
    onRefused: ({ reason }) => outcome.seen.push(reason),
  });
  try {
    for (let pos = 0; pos < bytes.length; pos += size) {
      const piece = Buffer.from(bytes.subarray(pos, pos + size));
      await overwriteAfter(Promise.resolve(reader.push(piece)), piece);
    }
  } catch (error) {
    if (!(error instanceof ForwardProtocolError)) throw error;
    outcome.error = error.code;
  }
  reader.close();
  return outcome;
}
