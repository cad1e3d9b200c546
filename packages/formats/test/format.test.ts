import { EventStream, EventTime } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import {
  compileStrftime,
  createInjector,
  StrftimeError,
  TimeZoneError,
  utcOffset,
  zoneOffset,
} from '../src/index.js';

import { createFormatter, match } from './support/formatter.js';

const at = new EventTime(1_795_336_380, 123_456_789); // 2026-11-22T08:33:00Z

/** What a `<match>` with these sections writes. */
function written(text: string, events: Record<string, unknown>[], tag = 'app.test'): Buffer {
  const element = match(text);
  const stream = EventStream.fromEvents(events.map((record) => ({ time: at, record })));
  const injected = createInjector(element, 3)?.apply(tag, stream) ?? stream;
  return createFormatter(element).format(tag, injected);
}

describe('strftime', () => {
  test.each([
    ['%Y-%m-%d %H:%M:%S', '2026-11-22 08:33:00'],
    ['%y%C %j %e %k %I %l %p %P', '2620 326 22  8 08  8 AM am'],
    ['%A %a %B %b %h %w %u', 'Sunday Sun November Nov Nov 0 7'],
    ['%U %W %V %G %g', '47 46 47 2026 26'],
    ['%s %L %N %3N %6N', '1795336380 123 123456789 123 123456'],
    ['%z %:z %Z %%', '+0000 +00:00 UTC %'],
    ['%-m/%-d %_H %3d %^a %F %T %R %D', '11/22  8 022 SUN 2026-11-22 08:33:00 08:33 11/22/26'],
    ['%v %^c %#p %#Z %10F', '22-NOV-2026 SUN NOV 22 08:33:00 2026 am utc 2026-11-22'],
    ['%::z %:::z %10z %010e %-I%n%t', '+00:00:00 +00 +000000000 0000000022 8\n\t'],
    ['%Ey %Od %12N', '26 22 123456789000'],
    ['no directive', 'no directive'],
  ])('%s', (format, text) => {
    expect(compileStrftime(format, utcOffset)(at.seconds, at.nanoseconds)).toBe(text);
  });

  test.each(['%Q', '100%', '%!', '%+', '%99999d'])('%s is refused', (format) => {
    expect(() => compileStrftime(format, utcOffset)).toThrow(StrftimeError);
  });

  test('does not remember a text for longer than it holds', () => {
    for (const [format, step] of [
      ['%S', 1],
      ['%M', 60],
      ['%H', 3600],
      ['%d', 86_400],
      ['%N', 0],
    ] as const) {
      const compiled = compileStrftime(format, utcOffset);
      const texts = [0, 1, 2].map((n) => compiled(at.seconds + n * step, n));
      expect(new Set(texts).size).toBe(3);
    }
  });
});

describe('zones', () => {
  test.each([
    ['UTC', 0],
    ['+09:00', 32_400],
    ['-0330', -12_600],
    ['+05', 18_000],
    ['Asia/Kathmandu', 20_700],
    ['Europe/Berlin', 3600],
  ])('%s', (zone, offset) => {
    expect(zoneOffset(zone)(at.seconds)).toBe(offset);
  });

  test('a named zone changes with the season', () => {
    const berlin = zoneOffset('Europe/Berlin');
    const change = Date.UTC(2026, 9, 25, 1) / 1000;
    expect([berlin(change - 1), berlin(change)]).toEqual([7200, 3600]);
  });

  test.each(['+99:00', 'Mars/Olympus', '9', ''])('"%s" is refused', (zone) => {
    expect(() => zoneOffset(zone)).toThrow(TimeZoneError);
  });
});

describe('<format>', () => {
  const record = { message: 'a\tb\nc', n: 1, f: 1.5, ok: true, none: null, deep: { x: [1] } };
  const json = JSON.stringify(record);

  test.each([
    ['', `${json}\n`],
    ['<format>\n@type json\nadd_newline false\n</format>', json],
    ['<format>\nnewline crlf\n</format>', `${json}\r\n`],
    ['format json', `${json}\n`],
    ['<format>\n@type out_file\nutc true\n</format>', `2026-11-22T08:33:00Z\tapp.test\t${json}\n`],
    [
      '<format>\n@type out_file\noutput_tag false\ndelimiter COMMA\ntime_format %s\n</format>',
      `1795336380,${json}\n`,
    ],
    ['<format>\n@type out_file\noutput_time false\n</format>', `app.test\t${json}\n`],
    [
      '<format>\n@type out_file\ntimezone +09:00\n</format>',
      `2026-11-22T17:33:00+09:00\tapp.test\t${json}\n`,
    ],
    ['<format>\n@type single_value\n</format>', 'a\tb\nc\n'],
    ['<format>\n@type single_value\nmessage_key n\nadd_newline false\n</format>', '1'],
    ['<format>\n@type single_value\nmessage_key absent\n</format>', '\n'],
  ])('%j', (section, expected) => {
    expect(written(section, [record]).toString()).toBe(expected);
  });

  test('stdout has the local time with nanoseconds', () => {
    expect(written('<format>\n@type stdout\n</format>', [{ a: 1 }]).toString()).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.123456789 [+-]\d{4} app\.test: \{"a":1\}\n$/,
    );
  });

  test.each([
    ['stdout', String.raw`a\nb\u001b\tc: {}`],
    ['out_file', String.raw`a\nb\u001b\tc` + '\t{}'],
  ])('a tag does not break the line of %s', (type, expected) => {
    const section = `<format>\n@type ${type}\n</format>`;
    const text = written(section, [{}], 'a\nb\u001b\tc').toString();
    expect(text.endsWith(`${expected}\n`)).toBe(true);
    expect(text.split('\n')).toHaveLength(2);
  });

  test('msgpack is the records, byte for byte', () => {
    const bytes = written('<format>\n@type msgpack\n</format>', [{ a: 1 }, { b: 'two' }]);
    expect(bytes.toString('hex')).toBe('81a16101' + '81a162a374776f');
  });

  test.each([
    ['<format>\n@type xml\n</format>', 'unknown formatter plugin "xml"', 3],
    ['format xml', 'unknown formatter plugin "xml"', 2],
    ['<format>\n@type csv\n</format>', 'fields', 2],
    ['<format>\n@type csv\nfields ,\n</format>', 'no field is named', 4],
    ['<format>\n@type csv\nfields $..a\n</format>', 'a name is empty', 4],
    ['<format>\n@type tsv\n</format>', 'keys', 2],
    ['<format>\n@type stdout\ntime_format %Q\n</format>', '%Q', 4],
    ['<format>\n@type stdout\noutput_type xml\n</format>', 'unknown formatter plugin "xml"', 4],
    ['<format>\n@type out_file\ntime_format %Q\n</format>', '%Q', 4],
    ['<format>\n@type out_file\ntimezone Mars\n</format>', 'Mars', 4],
    ['<inject>\nutc true\nlocaltime true\n</inject>', 'exclude each other', 3],
  ])('%j is refused', (section, message, line) => {
    expect(() => written(section, [])).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string, line }),
    );
  });
});

describe('<inject>', () => {
  const inject = (lines: string, record: Record<string, unknown> = { a: 1 }): unknown =>
    JSON.parse(written(`<inject>\n${lines}\n</inject>`, [record]).toString());

  test.each([
    ['tag_key tag', { a: 1, tag: 'app.test' }],
    ['time_key t', { a: 1, t: 1_795_336_380.123456 }],
    ['time_key t\ntime_type unixtime', { a: 1, t: 1_795_336_380 }],
    ['time_key t\ntime_type unixtime_millis', { a: 1, t: 1_795_336_380_123 }],
    ['time_key t\ntime_type unixtime_micros', { a: 1, t: 1_795_336_380_123_456 }],
    ['time_key t\ntime_type string\nutc true', { a: 1, t: '2026-11-22T08:33:00Z' }],
    ['time_key t\ntime_type string\ntimezone Asia/Tokyo', { a: 1, t: '2026-11-22T17:33:00+09:00' }],
    ['time_key t\ntime_type string\ntime_format %Y%m%d\nutc true', { a: 1, t: '20261122' }],
    // As in Fluentd: the format alone does not make it a text.
    ['time_key t\ntime_format %Y%m%d', { a: 1, t: 1_795_336_380.123456 }],
    ['hostname_key h\nhostname web1\nworker_id_key w', { a: 1, h: 'web1', w: 3 }],
    ['tag_key a', { a: 'app.test' }],
    ['', { a: 1 }],
  ])('%j', (lines, expected) => {
    expect(inject(lines)).toEqual(expected);
  });

  test('each event gets its own time, and the stream keeps the id of its chunk', () => {
    const injector = createInjector(
      match('<inject>\ntime_key t\ntime_type unixtime\n</inject>'),
      0,
    )!;
    const events = [1, 1, 2, 70_000].map((seconds) => ({ time: seconds, record: { seconds } }));
    const stream = injector.apply('x', EventStream.fromEvents(events).withChunkId('an id'));
    expect(stream.chunkId).toBe('an id');
    expect([...stream].map(({ record }) => record)).toEqual(
      events.map(({ record }) => ({ ...record, t: record.seconds })),
    );
  });

  test('nanoseconds as one whole number', () => {
    const text = written('<inject>\ntime_key t\ntime_type unixtime_nanos\n</inject>', [{}]);
    expect(text.toString()).toBe('{"t":1795336380123456789}\n');
  });

  test('fields of those names are replaced, not doubled, in records of any size', () => {
    for (const size of [0, 1, 13, 14, 15, 16, 17, 65_534, 65_536]) {
      const record = Object.fromEntries(Array.from({ length: size }, (_, n) => [`k${n}`, n]));
      const lines = 'tag_key tag\ntime_key k0\ntime_type unixtime';
      expect(inject(lines, { tag: 'mine', ...record })).toEqual({
        ...record,
        tag: 'app.test',
        k0: at.seconds,
      });
    }
  });
});
