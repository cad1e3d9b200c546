import { EventPacker, EventStream, EventStreamError } from '@sluice/event-stream';
import { ParseError } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { parserCases } from './cases.js';
import { parsed, parserFor, parserTypes } from './support.js';

const inputs = 100_000;

// Most of them are refused, and nobody looks at where from.
Error.stackTraceLimit = 0;

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pieces = [
  '"',
  '\\',
  '[',
  ']',
  '<',
  '>',
  ':',
  ' ',
  '\t',
  ',',
  '\n',
  '{',
  '}',
  '\0',
  '\xff',
  '9',
];

/** A text that a parser takes, with some of its bytes changed, doubled or left out. */
function broken(seed: Buffer, random: (below: number) => number): Buffer {
  let text = seed;
  for (let change = random(4); change >= 0; change--) {
    const at = random(text.length + 1);
    const end = Math.min(text.length, at + random(6));
    const piece = Buffer.from(pieces[random(pieces.length)], 'latin1');
    const kind = random(4);
    const middle = kind === 0 ? Buffer.alloc(0) : kind === 1 ? text.subarray(0, end) : piece;
    text = Buffer.concat([text.subarray(0, at), middle, text.subarray(kind === 3 ? at : end)]);
    if (text.length > 2000) text = text.subarray(0, 2000);
  }
  return text;
}

const params: Partial<Record<string, string>> = {
  csv: 'keys a,b,c',
  tsv: 'keys a,b,c',
  regexp: 'expression /^(?<host>[^ ]*) (?<time>[^ ]*) (?<rest>.*)$/',
  multiline: 'format1 /^(?<a>[^ ]*) /\nformat2 /(?<b>[^\\n]*)/',
  syslog: 'message_format auto\nwith_priority true\nkeep_time_key true',
};

describe(`what ${inputs} broken texts do to a parser`, () => {
  test.each(parserTypes)(
    '%s gives events or a ParseError, nothing else',
    (type) => {
      const random = numbers(20_261_124);
      const parser = parserFor(
        type,
        `${params[type] ?? ''}\nnull_empty_string true\ntypes code:integer,a:float`,
      );
      const texts = parserCases.filter((each) => each.type === type).map(({ text }) => text);
      const seeds = [...texts, ''].map((text) => Buffer.from(text));
      if (type === 'msgpack') seeds.push(Buffer.from('9281a161c4027879da00016281a1629101', 'hex'));
      const packer = new EventPacker();
      let found = 0;
      let refused = 0;
      for (let index = 0; index < inputs; index++) {
        const { events, error } = parsed(parser, broken(seeds[random(seeds.length)], random));
        if (error !== undefined) {
          if (!(error instanceof ParseError)) throw error;
          refused++;
        }
        for (const [time, record] of events) {
          try {
            packer.add(time, record);
            found++;
          } catch (failure) {
            if (!(failure instanceof EventStreamError)) throw failure;
          }
        }
        if (packer.byteLength > 1e6) EventStream.fromPacked(packer.take().bytes);
      }
      expect(found).toBeGreaterThan(100);
      // A text of any kind is a record to these.
      if (!['none', 'ltsv', 'tsv'].includes(type)) expect(refused).toBeGreaterThan(100);
    },
    60_000,
  );
});

describe('no text makes a parser look at it again and again', () => {
  const long = 100_000;
  const hosts = '1.1.1.1 h - [28/Feb/2013:12:00:00 +0900] ';
  const head = '<16>1 2017-02-06T13:14:15.003Z h a 1 - ';
  test.each([
    ['nginx', '', `${hosts}"GET ${' '.repeat(long)}`],
    ['nginx', '', `${hosts}"GET / H" 200 7 "-" "-"${' '.repeat(long)}"x"y`],
    ['nginx', '', 'a\n'.repeat(long)],
    ['apache2', '', `${hosts}"GET ${' '.repeat(long)}`],
    ['apache2', '', `${hosts}"GET ${'\\'.repeat(long)}`],
    ['apache_error', '', '[a '.repeat(long)],
    ['syslog', params.syslog!, `${head}${'[a]'.repeat(long)}x`],
    ['syslog', params.syslog!, head + 'a '.repeat(long)],
    ['syslog', params.syslog!, `<6>Feb 28 12:00:00 ${'a'.repeat(long)}`],
  ])('%s %#', (type, conf, text) => {
    const { error } = parsed(parserFor(type, `${conf}\ntimeout 2s`), text);
    expect(error).toBeInstanceOf(ParseError);
    expect(error?.message).not.toContain('timed out');
  });
});
