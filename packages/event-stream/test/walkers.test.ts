import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { EventStream, type Value } from '../src/index.js';
import {
  EntryCursor,
  decodeAt,
  endOfTimes,
  findFields,
  packPair,
  scanEntries,
  setFields,
} from '../src/packed/index.js';
import { record, time, value } from './support/arbitrary.js';

/** The parts of an entry, and the bytes that they make. */
const parts = fc.record({
  time,
  metadata: fc.option(record, { nil: undefined }),
  record,
  // The heads of the arrays may be longer than they need to be.
  outer: fc.constantFrom('92', 'dc0002', 'dd00000002').map((hex) => Buffer.from(hex, 'hex')),
  inner: fc.constantFrom('92', 'dc0002', 'dd00000002').map((hex) => Buffer.from(hex, 'hex')),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

const pack = ({ outer, inner, time: when, metadata, record: content }: Parts): Buffer =>
  Buffer.concat(
    metadata === undefined ? [outer, when, content] : [outer, inner, when, metadata, content],
  );
const entries = fc.array(parts, { maxLength: 8 });

/** Runs `check` with streams of arbitrary entries, and the parts that they were made of. */
function forAll(check: (bytes: Buffer, made: Parts[]) => void): void {
  fc.assert(
    fc.property(entries, (made) => check(Buffer.concat(made.map(pack)), made)),
    { numRuns: 300 },
  );
}

test('the cursor finds the parts of which entries were made', () => {
  forAll((bytes, made) => {
    const found: Buffer[][] = [];
    const entry = new EntryCursor(bytes);
    while (entry.next()) {
      const { start, time: when, metadata, record: content, end } = entry;
      found.push(
        metadata < 0
          ? [bytes.subarray(start, when), bytes.subarray(when, content)]
          : [
              bytes.subarray(start, when),
              bytes.subarray(when, metadata),
              bytes.subarray(metadata, content),
            ],
        [bytes.subarray(content, end)],
      );
    }
    const wanted = made.flatMap(({ outer, inner, ...one }) =>
      one.metadata === undefined
        ? [[outer, one.time], [one.record]]
        : [[Buffer.concat([outer, inner]), one.time, one.metadata], [one.record]],
    );
    expect(found).toEqual(wanted);
    expect(entry.next()).toBe(false);
  });
});

test('it walks the same way whether it is told the ends or looks for them', () => {
  forAll((bytes, made) => {
    const told = new EntryCursor(bytes);
    const looks = new EntryCursor(bytes);
    let pos = 0;
    for (const one of made) {
      expect(told.moveTo(pos)).toBe(true);
      expect(looks.next()).toBe(true);
      pos += pack(one).length;
      expect([told.start, told.time, told.metadata, told.record, pos]).toEqual([
        looks.start,
        looks.time,
        looks.metadata,
        looks.record,
        looks.end,
      ]);
    }
    expect(told.moveTo(pos)).toBe(false);
  });
});

test('it stays within the part of the bytes that it was given', () => {
  forAll((bytes, made) => {
    const around = Buffer.concat([Buffer.alloc(3, 0xc1), bytes, Buffer.alloc(3, 0xc1)]);
    const entry = new EntryCursor(around, 3, 3 + bytes.length);
    let count = 0;
    while (entry.next()) count++;
    expect(count).toBe(made.length);
  });
});

test('scan, cursor, iteration, JSON lines and look-ups agree about entries', () => {
  const unpackr = new Unpackr({
    useRecords: false,
    mapsAsObjects: true,
    int64AsType: 'auto' as 'bigint',
  });
  forAll((bytes, made) => {
    fc.pre(!bytes.includes('__proto__')); // msgpackr renames this key
    expect(scanEntries(bytes, 0, bytes.length)).toMatchObject({
      end: bytes.length,
      entries: made.length,
      invalid: 0,
      status: 0,
    });
    const stream = EventStream.fromPacked(bytes);
    const events = [...stream];
    const lines = stream
      .toJsonLines({ prefix: (seconds, nanoseconds) => `${seconds}.${nanoseconds} ` })
      .toString()
      .split('\n');
    const times = lines.map((line) => line.slice(0, Math.max(line.indexOf(' '), 0)));
    const entry = new EntryCursor(bytes);
    for (const [n, event] of events.entries()) {
      entry.next();
      expect(entry.eventTime()).toEqual(event.time);
      expect(`${entry.seconds}.${entry.nanoseconds}`).toBe(times[n]);
      expect(`${event.time.seconds}.${event.time.nanoseconds}`).toBe(times[n]);
      expect(event.record).toEqual(unpackr.unpack(made[n].record));
      const { metadata } = made[n];
      expect(event.metadata).toEqual(metadata && unpackr.unpack(metadata));
      const names = Object.keys(event.record);
      const found = names.map(() => -1);
      const keys = names.map((name) => Buffer.from(name));
      expect(findFields(bytes, entry.record, keys, found)).toBe(entry.end);
      expect(found.map((at): Value => decodeAt(bytes, at))).toEqual(Object.values(event.record));
    }
    expect(lines).toHaveLength(made.length + 1);
    expect(stream.filter(() => true)).toBe(stream);
    const odd = made.filter((_, n) => n % 2 === 1);
    let n = 0;
    expect(stream.filter(() => n++ % 2 === 1).bytes).toEqual(Buffer.concat(odd.map(pack)));
  });
});

test('times lie within a span as the cursor finds them', () => {
  forAll((bytes, made) => {
    const seconds: number[] = [];
    const entry = new EntryCursor(bytes);
    while (entry.next()) seconds.push(entry.seconds);
    const [least, most] = [Math.min(...seconds), Math.max(...seconds)];
    expect(endOfTimes(bytes, 0, least, most + 1)).toBe(bytes.length);
    if (seconds.length === 0) return;
    const startOf = (index: number): number =>
      made.slice(0, index).reduce((size, one) => size + pack(one).length, 0);
    expect(endOfTimes(bytes, 0, least, most)).toBe(startOf(seconds.indexOf(most)));
    expect(endOfTimes(bytes, 0, least + 1, most + 1)).toBe(startOf(seconds.indexOf(least)));
    const last = startOf(seconds.length - 1);
    expect(endOfTimes(bytes, last, least, most + 1)).toBe(bytes.length);
  });
});

test('the fast way and the careful way of the scan judge entries alike', () => {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  const when = fc.oneof(
    time,
    value,
    // Zero, nil, an hour after 1970, not finite, other extensions.
    fc
      .constantFrom(
        '00',
        'c0',
        'ce00000000',
        'ce00000e10',
        'd7000000000000000005',
        'd70000000e1000000000',
        'cb7ff8000000000000',
        'd7010000000100000000',
        'd6ff00000001',
      )
      .map(hex),
  );
  const content = fc.oneof(
    record,
    value,
    fc.constantFrom('81a161d40501', '81a161c1', '80').map(hex),
  );
  const part = fc.record({ when, metadata: fc.option(content, { nil: undefined }), content });
  const longHead = hex('dc0002');
  const shortHead = hex('92');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.nat(), (made, nat) => {
      // Perhaps the last entry's record is cut, which has the same length both ways.
      const cut = nat % ((made.at(-1)?.content.length ?? 0) + 1);
      // An entry whose head is longer than it need be goes the careful way.
      const [fast, careful] = [shortHead, longHead].map((head) => {
        const bytes = Buffer.concat(
          made.flatMap(({ when: at, metadata, content: last }) =>
            metadata === undefined ? [head, at, last] : [head, shortHead, at, metadata, last],
          ),
        );
        const { entries, invalid, zeroTimes, status } = scanEntries(bytes, 0, bytes.length - cut);
        return { entries, invalid, zeroTimes, status };
      });
      expect(fast).toEqual(careful);
    }),
    { numRuns: 1000 },
  );
});

describe('an entry may have 128 containers in one another, its own array included', () => {
  const eventTime = 'd7000000000100000000';
  test.each([
    ['EventTime', `92${eventTime}`],
    ['uint 32', '92ce00000001'],
    ['small integer', '9201'],
    ['a longer head', `dc0002${eventTime}`],
    ['empty metadata', `9292${eventTime}80`],
    ['metadata', `9292${eventTime}81a16101`],
  ])('with %s', (_, head) => {
    const nested = (depth: number, innermost: string): string =>
      head + '81a161'.repeat(depth) + innermost;
    const invalid = (hex: string): number =>
      scanEntries(Buffer.from(hex, 'hex'), 0, hex.length / 2).invalid;
    expect(invalid(nested(127, '01'))).toBe(0);
    expect(invalid(nested(128, '01'))).toBe(1);
    expect(invalid(nested(126, '9101'))).toBe(0);
    expect(invalid(nested(127, '9101'))).toBe(1);
  });
});

test('fields that differ from entry to entry are set as fields that are the same', () => {
  fc.assert(
    fc.property(
      entries,
      fc.array(fc.string({ maxLength: 300 }), { minLength: 8, maxLength: 8 }),
      (made, texts) => {
        const bytes = Buffer.concat(made.map(pack));
        let n = 0;
        const set = setFields(bytes, made.length, {
          names: [Buffer.from('key 1')],
          bytes: () => packPair('key 1', texts[n++]),
        });
        const one = made.map((entry, index) =>
          EventStream.fromPacked(pack(entry)).withFields({ 'key 1': texts[index] }),
        );
        expect(set).toEqual(Buffer.concat(one.map((stream) => stream.bytes)));
        expect(EventStream.fromPacked(set).count).toBe(made.length);
      },
    ),
  );
});
