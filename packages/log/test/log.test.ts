import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog, type LogOptions } from '../src/index.js';

function logOf(options: LogOptions = {}) {
  const lines: string[] = [];
  return { lines, log: createLog({ ...options, write: (line) => lines.push(line) }) };
}

describe('lines', () => {
  test("text is Fluentd's: time, level, worker, plugin, message, fields", () => {
    const { lines, log } = logOf({ workerId: 1 });
    log.child({ plugin: 'in' }).warn({ peer: '::1:80', n: 1 }, 'refused');
    log.info({ err: new Error('broken') }, 'two');
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}`;
    expect(lines[0]).toMatch(
      new RegExp(`^${time} \\[warn\\]: #1 \\[in\\] refused peer="::1:80" n=1\n$`),
    );
    expect(lines[1]).toMatch(new RegExp(`^${time} \\[info\\]: #1 two err="broken"\n$`));
  });

  test('time_format and JSON', () => {
    const { lines, log } = logOf({ timeFormat: 'y%Y.%L' });
    log.info({}, 'one');
    expect(lines[0]).toMatch(/^y\d{4}\.\d{3} \[info\]: one\n$/);
    log.change({ format: 'json', level: 'warn' });
    log.info({}, 'two');
    log.warn({}, 'three');
    expect(JSON.parse(lines[1])).toMatchObject({ level: 40, msg: 'three' });
    expect(lines).toHaveLength(2);
  });

  test('a plugin has a level of its own, lower or higher', () => {
    const { lines, log } = logOf();
    log.child({ plugin: 'a' }, { level: 'debug' }).debug({}, 'shown');
    log.child({ plugin: 'b' }, { level: 'error' }).warn({}, 'hidden');
    expect(lines).toEqual([expect.stringContaining('[debug]: [a] shown')]);
  });
});

describe('lines that repeat', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('come a few times, and then as a count', () => {
    const { lines, log } = logOf({ format: 'json' });
    for (let i = 0; i < 100; i++) log.warn({ peer: 'a' }, 'refused');
    log.warn({ peer: 'b' }, 'refused');
    expect(lines).toHaveLength(6);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(7);
    expect(JSON.parse(lines[6])).toMatchObject({
      level: 40,
      peer: 'a',
      repeated: 95,
      msg: 'refused (and 95 times more within 60 s)',
    });
    log.warn({ peer: 'a' }, 'refused');
    expect(lines).toHaveLength(8);
    vi.advanceTimersByTime(120_000);
    expect(lines).toHaveLength(8);
  });

  test('ignore_same_log_interval leaves one in that time; 0 leaves all', () => {
    const { lines, log } = logOf({ repeatInterval: 10 });
    for (let i = 0; i < 3; i++) log.warn({}, 'x');
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(lines[1]).toContain('x (and 2 times more within 10 s) repeated=2');
    log.change({ repeatInterval: 0 });
    for (let i = 0; i < 30; i++) log.warn({}, 'y');
    expect(lines).toHaveLength(32);
  });

  test('memory stays bounded, and nothing held back is forgotten', () => {
    const { lines, log } = logOf({ format: 'json', repeatInterval: 60, level: 'debug' });
    for (let i = 0; i < 2; i++) log.debug({}, 'first');
    for (let i = 0; i < 5000; i++) log.debug({ i }, 'another');
    expect(lines).toHaveLength(5002);
    expect(lines.filter((line) => line.includes('"repeated":1'))).toHaveLength(1);
  });
});

describe('what peers can make of it', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('control characters are escaped: nobody can write a line of the log', () => {
    const { lines, log } = logOf({ workerId: 0 });
    const forged = 'a\n2026-01-01 00:00:00 +0000 [error]: \u001b[31mforged\u009b\u2028\u202eb';
    log.warn({ tag: forged }, `no match for "${forged}"`);
    expect(lines).toHaveLength(1);
    expect(lines[0].slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(lines[0]).toContain('"a\\n2026-01-01');
    expect(lines[0]).toContain('\\u001b[31mforged\\u009b\\u2028\\u202eb');
  });

  test("details are the agent's own, and have lines of their own, indented", () => {
    const { lines, log } = logOf();
    log.error({ details: 'a.conf:1:2: wrong\n  1 | x\u0007' }, 'not reloaded');
    expect(lines[0]).toMatch(
      / \[error\]: not reloaded\n {2}a\.conf:1:2: wrong\n {4}1 \| x\\u0007\n$/,
    );
  });

  test('texts and fields are shortened', () => {
    const { lines, log } = logOf();
    log.warn({ tag: 'x'.repeat(1e6), list: ['y'.repeat(1e6)] }, 'z'.repeat(1e6));
    expect(lines[0].length).toBeLessThan(7000);
    expect(lines[0]).toContain('… (1000000 characters)');
  });

  test('lines of a level are bounded in number, and what is left out is logged', () => {
    const { lines, log } = logOf({ format: 'json' });
    for (let i = 0; i < 5000; i++) log.warn({ i }, 'refused');
    expect(lines).toHaveLength(500);
    log.error({}, 'another level');
    expect(JSON.parse(lines[500])).toMatchObject({ level: 50, msg: 'another level' });
    vi.advanceTimersByTime(1000);
    expect(JSON.parse(lines[501])).toMatchObject({ level: 40, omitted: 4500 });
    for (let i = 0; i < 5000; i++) log.warn({ i }, 'refused again');
    expect(lines).toHaveLength(502 + 50);
  });
});
