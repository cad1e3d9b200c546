import { decodeValue } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import { ForwardReader } from '../src/index.js';
import { JsonReader } from '../src/json/reader.js';

/** What a reader finds in the text, pushed in pieces of `size` bytes. */
function find(text: string | Buffer, size = Infinity, limit = 1 << 20): unknown[] {
  const found: unknown[] = [];
  const reader = new JsonReader(limit, {
    onText: (packed, bytes) => found.push([decodeValue(packed), bytes]),
    onOversize: () => found.push('oversize'),
  });
  const bytes = Buffer.from(text);
  for (let pos = 0; pos < bytes.length; pos += size) {
    reader.push(bytes.subarray(pos, Math.min(pos + size, bytes.length)));
  }
  return found;
}

const sizes = [1, 2, 3, 7, Infinity];

describe.each([
  '[]',
  '{}',
  '[null,true,false,0,-0,7,-1,-33,127,128,255,256,65535,65536,4294967295,4294967296]',
  '[-128,-129,-32768,-32769,-2147483648,-2147483649,1.5,-1e3,1E-2,123456789012345]',
  '{"a":[{"b":{"c":[]}},"",""],"":"x","\\"\\\\\\/\\b\\f\\n\\r\\t":"\\u00e9\\ud83d\\ude00"}',
  ` [ 1 , "ü€😀" , { "a" : [ ] } ]\n`,
  `["${'x'.repeat(31)}","${'x'.repeat(32)}","${'y'.repeat(255)}","${'y'.repeat(256)}","${'z'.repeat(9000)}"]`,
  `[${Array.from({ length: 70_000 }, (_, n) => n).join()}]`,
  `{${Array.from({ length: 20 }, (_, n) => `"k${n}":[${'1,'.repeat(n * 400)}0]`).join()}}`,
  `${'['.repeat(128)}${']'.repeat(128)}`,
])('text %#', (text) => {
  test.each(sizes)('in pieces of %d bytes', (size) => {
    // MessagePack has no negative zero among its integers.
    const value: unknown = JSON.parse(text.replace('-0,', '0,'));
    expect(find(text, size)).toEqual([[value, Buffer.byteLength(text.trim())]]);
  });
});

test('integers of 64 bits keep all their digits, on every version of Node.js', () => {
  const digits = ['9007199254740993', '-9007199254740993', '18446744073709551615'];
  const [[values]] = find(`[${digits.join()},-9223372036854775808]`, 5) as [[unknown[]]];
  expect(values.map(String)).toEqual([...digits, '-9223372036854775808']);
  // Beyond 64 bits the nearest double, as everywhere.
  expect(find('[18446744073709551616]')).toEqual([[[18446744073709551616], 22]]);
});

test('half of a surrogate pair is replaced', () => {
  for (const size of sizes) {
    expect(
      find('["\\ud83dx","\\ude00","\\ud83d\\n","\\ud83d\\ud83d\\ude00","\\ud83d"]', size),
    ).toEqual([[['\ufffdx', '\ufffd', '\ufffd\n', '\ufffd😀', '\ufffd'], 61]]);
  }
});

test.each([
  '["a" 1]',
  '[1,]',
  '[,1]',
  '{"a"}',
  '{"a":1,}',
  '{1:2}',
  '[01]',
  '[1.]',
  '[-]',
  '[+1]',
  '[1e]',
  '[--1]',
  '[nul]',
  '[trux]',
  '["\\x"]',
  '["\\u12g4"]',
  '["\u0001"]',
  '["a\nb"]',
  '[1}',
  ']',
  'x',
  '1',
  '[NaN]',
  `[${'1'.repeat(2000)}]`,
  '['.repeat(200),
])('%.40j is not JSON', (text) => {
  for (const size of sizes) {
    expect(() => find(text, size)).toThrow(/^not JSON: /);
  }
});

test('texts one after another, and those beyond the limit passed over', () => {
  const text = `[1] {"a":"${'x'.repeat(100)}","b":[[2]]}\n[3][${'4,'.repeat(60)}5]["\\""]`;
  for (const size of sizes) {
    expect(find(text, size, 50)).toEqual([[[1], 3], 'oversize', [[3], 3], 'oversize', [['"'], 6]]);
  }
});

test('what is held for a text is what its MessagePack takes', () => {
  const reader = new JsonReader(1 << 26, { onText: () => undefined, onOversize: () => undefined });
  reader.push(Buffer.from('[['));
  const piece = Buffer.from('{"a":[1,{}]},'.repeat(1000));
  for (let n = 0; n < 200; n++) reader.push(piece);
  // Growing by doubling, it may hold twice of that; objects would be many times the text.
  expect(reader.bufferedBytes).toBeLessThan(piece.length * 200 * 2);
  expect(reader.bufferedBytes).toBeGreaterThanOrEqual(piece.length * 200);
});

test('a large message is converted with each push, not at its end', async () => {
  // MessagePack is about as long as this JSON, and what holds it grows by doubling.
  const element = `1,{"a":"${'x'.repeat(180)}"},`;
  const text = Buffer.from(`["t",1,{"list":[${element.repeat(40_000)}3]},{"chunk":"c"}]`);
  let events = 0;
  const reader = new ForwardReader({ onMessage: ({ stream }) => (events += stream.count) });
  const parts: number[] = [];
  for (let pos = 0; pos < text.length; pos += 65_536) {
    const came = Math.min(text.length, pos + 65_536);
    const wait = reader.push(text.subarray(pos, came));
    if (came < text.length) {
      expect(wait).toBeUndefined();
      parts.push(reader.bufferedBytes / came);
    } else {
      await wait;
    }
  }
  expect(events).toBe(1);
  expect(parts.length).toBeGreaterThan(100);
  expect(Math.min(...parts)).toBeGreaterThan(0.95);
  expect(Math.max(...parts)).toBeLessThan(2.1);
  expect(reader.bufferedBytes).toBe(0);
});
