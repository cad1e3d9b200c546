import { readFileSync } from 'node:fs';
import { EventStream } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import { createFormatter, match } from './support/formatter.js';

type Expected = { readonly text: string } | { readonly hex: string };

// By section, by the record in hexadecimal: what Fluentd 1.19.3 writes for it, with the tag app.test.
const table = JSON.parse(
  readFileSync(new URL('fixtures/fluentd-formats.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, Expected>>;

const entry = (record: string): EventStream =>
  // 2026-11-22T08:33:00.123456789Z
  EventStream.fromPacked(Buffer.from(`92d7006b02a8bc075bcd15${record}`, 'hex'));

const shown = (bytes: Buffer, expected: Expected): string =>
  'text' in expected ? bytes.toString('utf8') : bytes.toString('hex');

// The table was made where local time is UTC.
process.env.TZ = 'UTC';

test('the table has every formatter', () => {
  const types = new Set(Object.keys(table).map((section) => /@type (\w+)/.exec(section)?.[1]));
  expect([...types].sort()).toEqual(
    ['csv', 'hash', 'json', 'ltsv', 'msgpack', 'out_file', 'single_value', 'stdout', 'tsv'].sort(),
  );
});

test.each(Object.entries(table))('%s', (section, records) => {
  const formatter = createFormatter(match(section));
  for (const [record, expected] of Object.entries(records)) {
    const stream = entry(record);
    const bytes = formatter.format('app.test', stream);
    expect(shown(bytes, expected), record).toBe('text' in expected ? expected.text : expected.hex);

    // The same into a buffer of the caller: where there is room, and where there is none.
    const target = Buffer.alloc(bytes.length + 3, 0xee);
    expect(formatter.formatInto('app.test', stream, target, 3)).toBe(target.length);
    expect(target.subarray(3)).toEqual(bytes);
    expect(target.subarray(0, 3)).toEqual(Buffer.alloc(3, 0xee));
    const size = target.length;
    expect(formatter.formatInto('app.test', stream, target.subarray(0, size - 1), 3)).toBe(-size);
  }
});
