import { describe, expect, test } from 'vitest';
import { DelimitedReader } from '../../src/index.js';

/** Feeds a text in pieces of one size. */
function cut(text: string, size: number, delimiter = '\n', limit = 10) {
  const long: number[] = [];
  const reader = new DelimitedReader(delimiter, limit, (bytes) => long.push(bytes));
  const texts: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size));
    reader.push(piece, (found) => texts.push(found.toString()));
    // The memory of a read is used again.
    piece.fill(0);
  }
  return { texts, long: long.length, waiting: reader.waitingBytes };
}

describe.each([1, 2, 3, 7, 100])('DelimitedReader, %i bytes at a time', (size) => {
  test('cuts at the delimiter', () => {
    expect(cut('a\nbb\n\nccc\nrest', size)).toEqual({
      texts: ['a', 'bb', '', 'ccc'],
      long: 0,
      waiting: 4,
    });
  });

  test('a delimiter of several bytes may come in pieces', () => {
    expect(cut('a\r\nb\rb\r\nc\r\n', size, '\r\n').texts).toEqual(['a', 'b\rb', 'c']);
  });

  test.each(['\n', '\r\n', '--END'])('what is too long is left out, before %j', (delimiter) => {
    const text = ['short', 'x'.repeat(11), 'y'.repeat(50), '0123456789', 'end', ''].join(delimiter);
    const { texts, long, waiting } = cut(text, size, delimiter);
    expect(texts).toEqual(['short', '0123456789', 'end']);
    expect({ long, waiting }).toEqual({ long: 2, waiting: 0 });
  });

  test('what never ends is not collected', () => {
    expect(cut('x'.repeat(1000), size, '\r\n').waiting).toBeLessThan(12);
  });
});
