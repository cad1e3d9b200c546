import { EventStream } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import { playgroundHints, playgroundView, RecentEvents } from '../src/index.js';

const time = 1_700_000_000;
const stream = (...messages: string[]) =>
  EventStream.fromEvents(messages.map((message) => ({ time, record: { message } })));
const numbered = (count: number) => stream(...Array.from({ length: count }, (_, n) => `m${n}`));

describe('RecentEvents', () => {
  test('counts all events, and remembers the last ones', () => {
    const recent = new RecentEvents(3);
    recent.add('a', stream('one', 'two'));
    recent.add('b', stream('three', 'four'));
    expect(recent.events).toBe(4);
    expect(recent.lines()).toEqual([
      '2023-11-14 22:13:20 a: {"message":"two"}',
      '2023-11-14 22:13:20 b: {"message":"three"}',
      '2023-11-14 22:13:20 b: {"message":"four"}',
    ]);
    expect(recent.lines({ take: true })).toHaveLength(3);
    expect(recent.lines()).toEqual([]);
  });

  test('of a long stream it looks at the end', () => {
    const recent = new RecentEvents(100);
    recent.add('a', numbered(1000));
    const lines = recent.lines();
    expect(recent.events).toBe(1000);
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toContain('"m999"');
  });

  test('the bytes are its own', () => {
    const recent = new RecentEvents(5);
    const one = stream('kept');
    recent.add('a', one);
    one.bytes.fill(0);
    expect(recent.lines()).toEqual(['2023-11-14 22:13:20 a: {"message":"kept"}']);
  });

  test('large events are not kept', () => {
    const recent = new RecentEvents(5);
    recent.add('a', stream('x'.repeat(70_000)));
    expect(recent.lines()).toEqual(['a: an event of more than 64 kB']);
    recent.add('a', stream('x'.repeat(70_000), 'small'));
    expect(recent.lines().slice(1)).toEqual(['2023-11-14 22:13:20 a: {"message":"small"}']);
  });

  test('an empty stream, and what a peer makes up', () => {
    const recent = new RecentEvents(5);
    recent.add('a', EventStream.empty);
    recent.add('\u001b[2J', stream('\u009b'));
    expect(recent.lines()).toEqual(['2023-11-14 22:13:20 \\x1b[2J: {"message":"\\x9b"}']);
  });
});

const place = { command: 'sluice', address: '127.0.0.1', port: 24_224, monitorPort: 24_220 };

test('hints name a port only where it is not the usual one', () => {
  expect(playgroundHints(place)).toContain('  sluice bench');
  expect(playgroundHints({ ...place, port: 5, monitorPort: 6 })).toEqual(
    expect.arrayContaining([
      '  echo \'{"message":"hello"}\' | sluice cat -p 5 test.hello',
      '  sluice bench -p 5',
      '  sluice top -p 6',
    ]),
  );
});

test('the view has as many events as there is room for, and the log below', () => {
  const recent = new RecentEvents(100);
  recent.add('a', numbered(20));
  const view = playgroundView(place, recent, ['w1', 'w2', 'w3', 'w4'], { columns: 80, rows: 15 });
  expect(view).toHaveLength(15);
  expect(view.slice(9)).toEqual([
    expect.stringContaining('"m17"') as string,
    expect.stringContaining('"m18"') as string,
    expect.stringContaining('"m19"') as string,
    { text: 'w2', style: 'yellow' },
    { text: 'w3', style: 'yellow' },
    { text: 'w4', style: 'yellow' },
  ]);
  expect(playgroundView(place, recent, ['w'], { columns: 80, rows: 3 })).toHaveLength(10);
});
