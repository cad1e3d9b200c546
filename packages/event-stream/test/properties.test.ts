import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { expect, test } from 'vitest';
import { EventStream } from '../src/index.js';
import { INCOMPLETE, scanEntries } from '../src/packed/index.js';
import { brokenString, entry, notAnEntry, value } from './support/arbitrary.js';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' });

/** What JSON.stringify would print, for values that it does not know too. */
function stringify(decoded: unknown): string {
  if (typeof decoded === 'bigint') return decoded.toString();
  if (decoded instanceof Uint8Array) {
    const bytes = Buffer.from(decoded);
    return JSON.stringify(bytes.toString(isUtf8(bytes) ? 'utf8' : 'base64'));
  }
  if (Array.isArray(decoded)) return `[${decoded.map(stringify).join(',')}]`;
  if (decoded instanceof Map) {
    const pairs = [...(decoded as Map<string, unknown>)];
    return `{${pairs.map(([key, content]) => `${JSON.stringify(key)}:${stringify(content)}`).join(',')}}`;
  }
  return JSON.stringify(decoded);
}

/** Floats as JavaScript writes them, where the lines have Ruby's form: 1.0, 1.0e+20. */
function plainNumbers(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|-?\d+\.\d+(?:e[+-]\d+)?/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(Number(token)),
  );
}

function entryOf(name: string, content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x92, 0xce, 0, 0, 0, 1, 0x81, 0xa0 + name.length]),
    Buffer.from(name),
    content,
  ]);
}

test('JSON lines are what JSON.stringify prints after decoding', () => {
  fc.assert(
    fc.property(value, (bytes) => {
      const decoded: unknown = unpackr.unpack(bytes);
      // msgpackr keeps the last of equal keys; the lines have all of them.
      fc.pre(!hasDuplicates(bytes, decoded));
      const line = EventStream.fromPacked(entryOf('v', bytes)).toJsonLines().toString();
      expect(plainNumbers(line)).toBe(`{"v":${stringify(decoded)}}\n`);
    }),
    { numRuns: 2000 },
  );
});

test('records decode as msgpackr decodes them', () => {
  const plain = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' });
  const narrow = (decoded: unknown): unknown =>
    JSON.parse(
      JSON.stringify(decoded, (_, content: unknown) =>
        typeof content === 'bigint' ? String(content) : content,
      ),
      (_, content: unknown) =>
        typeof content === 'number' && Number.isInteger(content) ? `${BigInt(content)}` : content,
    );
  fc.assert(
    fc.property(value, (bytes) => {
      fc.pre(!bytes.includes('__proto__')); // msgpackr renames this key
      const [event] = EventStream.fromPacked(entryOf('v', bytes));
      expect(narrow(event.record.v)).toEqual(narrow(plain.unpack(bytes)));
    }),
  );
});

test('strings that are not UTF-8 give valid JSON with U+FFFD', () => {
  fc.assert(
    fc.property(brokenString, ({ data, bytes }) => {
      const line = EventStream.fromPacked(entryOf('v', bytes)).toJsonLines();
      expect(isUtf8(line)).toBe(true);
      expect(JSON.parse(line.toString())).toEqual({ v: data.toString('utf8') });
    }),
    { numRuns: 2000 },
  );
});

test('the scan leaves out what is not an entry, and nothing else', () => {
  const part = fc.oneof(
    { weight: 4, arbitrary: entry.map((bytes) => ({ bytes, valid: true })) },
    notAnEntry.map((bytes) => ({ bytes, valid: false })),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const { stream, entries, invalid } = EventStream.scan(
        Buffer.concat(parts.map(({ bytes }) => bytes)),
      );
      const good = parts.filter(({ valid }) => valid).map(({ bytes }) => bytes);
      expect(entries).toBe(parts.length);
      expect(invalid).toBe(parts.length - good.length);
      expect(stream.count).toBe(good.length);
      expect(stream.bytes.equals(Buffer.concat(good))).toBe(true);
      expect([...stream].length).toBe(good.length);
    }),
    { numRuns: 1000 },
  );
});

test('a stream that is cut anywhere is complete up to the last whole entry', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), fc.nat(), (entries, at) => {
      const bytes = Buffer.concat(entries);
      const cut = at % bytes.length;
      let whole = 0;
      let count = 0;
      while (whole + entries[count].length <= cut) whole += entries[count++].length;
      const counts = scanEntries(bytes, 0, cut);
      expect(counts.end).toBe(whole);
      expect(counts.entries).toBe(count);
      expect(counts.status).toBe(whole === cut ? 0 : INCOMPLETE);
    }),
    { numRuns: 1000 },
  );
});

test('fields are set in records without disturbing the others', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), fc.string(), (entries, text) => {
      const stream = EventStream.fromPacked(Buffer.concat(entries));
      const added = stream.withFields({ 'key 1': text, other: 5 });
      expect(EventStream.fromPacked(added.bytes).count).toBe(stream.count);
      expect([...added].map(({ record }) => record)).toEqual(
        [...stream].map(({ record }) => ({ ...record, 'key 1': text, other: 5 })),
      );
    }),
  );
});

/** Whether a map anywhere has a key twice: then fewer pairs come out than went in. */
function hasDuplicates(bytes: Buffer, decoded: unknown): boolean {
  const count = (content: unknown): number =>
    content instanceof Map
      ? [...content.values()].reduce<number>((sum, one) => sum + count(one), content.size)
      : Array.isArray(content)
        ? content.reduce<number>((sum, one) => sum + count(one), 0)
        : 0;
  const line = EventStream.fromPacked(entryOf('v', bytes)).toJsonLines().toString();
  let pairs = 0;
  for (const token of line.matchAll(/"(?:[^"\\]|\\.)*"(:)?/g)) if (token[1] === ':') pairs++;
  return pairs - 1 !== count(decoded);
}
