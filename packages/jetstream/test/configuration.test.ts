import { EventStream } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import { escapeText, unescapeText } from '../src/escape.js';
import { MessageIds } from '../src/message-id.js';
import { splitAtEntries } from '../src/split.js';
import { covers, SubjectTemplate } from '../src/subject.js';
import { events, namesIn, readInput, readOutput } from './support/plugins.js';

describe('the output refuses', () => {
  test.each([
    ['', 'stream is required'],
    ['stream a.b', 'a name has no blanks'],
    ['stream a\nservers nats://x:4222', '"nats://x:4222" is not host:port'],
    ['stream a\nuser me', 'user and password go together'],
    ['stream a\ntoken t\nnkey SU', 'token and nkey: there can be one of them'],
    ['stream a\ntls_cert_path ca.pem', 'the tls_ parameters need tls true'],
    ['stream a\ntls true\ntls_client_cert_path c.pem', 'go together'],
    ['stream a\nsubject a.${record}', 'the placeholders are ${tag} and ${tag[N]}'],
    ['stream a\nsubject a..b', 'there is an empty part'],
    ['stream a\nsubject a.*', 'without the wildcards'],
    ['stream a\nsubject $JS.${tag}', 'belong to the server'],
    ['stream a\nmax_bytes 1g', 'this is about a created stream'],
    ['stream a\ncreate_stream true\nsubjects b.>', 'subjects does not have sluice.>'],
    ['stream a\ncreate_stream true\nmax_age 60', 'duplicate_window is longer than max_age'],
    ['stream a\nreplicas 7', 'expected 5 or less'],
  ])('%j', (text, message) => {
    expect(() => readOutput(text)).toThrow(message);
  });
});

describe('the input refuses', () => {
  test.each([
    ['stream a', 'durable is required'],
    ['stream a\ndurable b.c', 'a name has no blanks'],
    ['stream a\ndurable b\nmax_deliver 3', 'max_deliver needs dead_letter_subject'],
    ['stream a\ndurable b\ndead_letter_subject x.>', 'is not a subject that can be published to'],
    [
      'stream a\ndurable b\nfilter_subject x.>\ndead_letter_subject x.y',
      'is among those of filter_subject',
    ],
  ])('%j', (text, message) => {
    expect(() => readInput(text)).toThrow(message);
  });
});

test.each([
  ['sluice.${tag}', 'app.access', 'sluice.app.access', 'sluice.>'],
  ['sluice.${tag}', 'a..b.', 'sluice.a.%.b.%', 'sluice.>'],
  ['sluice.${tag}', '', 'sluice.%', 'sluice.>'],
  ['sluice.${tag}', 'a b*c.>.$x%', 'sluice.a%20b%2Ac.%3E.%24x%25', 'sluice.>'],
  ['sluice.${tag}', 'ü', 'sluice.%C3%BC', 'sluice.>'],
  ['x.${tag[0]}.${tag[-1]}', 'a.b.c', 'x.a.c', 'x.*.*'],
  ['x.${tag[3]}', 'a.b', 'x.%', 'x.*'],
  ['logs', 'any', 'logs', 'logs'],
])('subject %s of the tag %j is %s', (template, tag, subject, pattern) => {
  const made = new SubjectTemplate(template);
  expect(made.for(tag)).toBe(subject);
  expect(made.pattern).toBe(pattern);
  expect(covers(pattern, subject)).toBe(true);
});

test('a tag too long for a subject is cut, and stays different from others', () => {
  const made = new SubjectTemplate('sluice.${tag}');
  const [one, two] = ['1', '2'].map((end) => made.for('ü.'.repeat(1000) + end));
  expect(one.length).toBeLessThan(1100);
  expect(one).not.toBe(two);
  expect(one.split('.').every((token) => token !== '')).toBe(true);
});

test.each(['app', '', 'a b', '%', '%zz', 'ü\r\nNats-Msg-Id: x', '\u0000'])(
  'the tag %j goes through a header',
  (tag) => {
    expect(escapeText(tag)).toMatch(/^[\x21-\x7e]*$/);
    expect(unescapeText(escapeText(tag))).toBe(tag);
  },
);

test.each([
  ['a.>', 'a.b', true],
  ['a.>', 'a', false],
  ['a.>', 'a.>', true],
  ['a.*', 'a.>', false],
  ['a.*', 'a.*', true],
  ['a.b', 'a.*', false],
  ['>', 'a', true],
  ['a.*.c', 'a.b.c', true],
])('%s covers %s: %s', (outer, inner, covered) => {
  expect(covers(outer, inner)).toBe(covered);
});

test('an id is that of the chunk, its tag, subject and bytes', () => {
  const ids = new MessageIds();
  const stream = events(2).withChunkId('"\r\nü');
  const id = ids.for('tag', 'subject', stream);
  expect(id).toMatch(/^[\w-]+$/);
  expect(new MessageIds().for('tag', 'subject', stream.copy())).toBe(id);
  const others = [
    ids.for('tag2', 'subject', stream),
    ids.for('tag', 'subject2', stream),
    ids.for('tag', 'subject', stream.withChunkId('other')),
    ids.for('tag', 'subject', events(2, 'f').withChunkId(stream.chunkId)),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

test('splitting keeps every event, in order, within the limit', () => {
  const stream = events(50, 'e', 100);
  for (const limit of [150, 151, 500, stream.bytes.length - 1, stream.bytes.length]) {
    const parts = splitAtEntries(stream, limit);
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(limit);
    expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(stream.bytes);
    for (const { bytes, events: count, from } of parts) {
      expect(namesIn(bytes)).toHaveLength(count);
      expect(stream.bytes.subarray(from, from + bytes.length)).toEqual(bytes);
    }
  }
  expect(() => splitAtEntries(stream, 100)).toThrow('is larger than the 100');
  expect(splitAtEntries(EventStream.empty, 10)).toHaveLength(1);
});
