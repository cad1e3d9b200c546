import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  bytesText,
  countText,
  durationText,
  fitText,
  liveView,
  Screen,
  sparkline,
  table,
  textWidth,
} from '../src/index.js';

test.each([
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['👍', 2],
  ['\u001b', 0],
  ['한글…', 5],
])('%j is %i columns wide', (text, columns) => expect(textWidth(text)).toBe(columns));

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['日本語', 6, '日本語'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['ab日', 3, 'ab…'],
  ['abc', 0, ''],
])('%j in %i columns is %j', (text, columns, expected) => {
  expect(fitText(text, columns)).toBe(expected);
  expect(textWidth(fitText(text, columns))).toBeLessThanOrEqual(columns);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [123_456, '123 kB'],
  [999_600, '1.0 MB'],
  [2_500_000_000, '2.5 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [-1, '0s'],
  [59.9, '59s'],
  [61, '1m 1s'],
  [7260, '2h 1m'],
  [90_000, '1d 1h'],
])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('numbers have separators, whatever the locale', () =>
  expect(countText(1234567.8)).toBe('1,234,568'));

test('a chart has the latest values, as high as the highest', () => {
  expect(sparkline([9, 0, 1, 2], 3)).toBe('▁▅█');
  expect(sparkline([0, 0], 5)).toBe('▁▁');
  expect(sparkline([], 5)).toBe('');
  expect(sparkline([1], -3)).toBe('');
});

test('a table is as wide as its cells', () => {
  const rows = [
    ['日本', '1'],
    ['a', '1,000'],
  ];
  expect(table([{ title: 'NAME' }, { title: 'N', side: 'right' }], rows)).toEqual([
    { text: 'NAME      N', style: 'bold' },
    '日本      1',
    'a     1,000',
  ]);
});

/** A terminal that remembers what was written. */
class FakeTerminal extends EventEmitter {
  columns = 10;
  rows = 3;
  written = '';
  colors = true;
  readonly isTTY = true;
  hasColors(): boolean {
    return this.colors;
  }
  write(text: string): boolean {
    this.written += text;
    return true;
  }
}

class FakeKeys extends EventEmitter {
  readonly isTTY = true;
  raw = false;
  flowing = false;
  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
  resume(): void {
    this.flowing = true;
  }
  pause(): void {
    this.flowing = false;
  }
}

describe('Screen', () => {
  test('cuts lines and rows, and paints nothing twice', () => {
    const terminal = new FakeTerminal();
    const screen = new Screen(terminal);
    screen.draw(['before it is open']);
    expect(terminal.written).toBe('');
    screen.open();
    terminal.written = '';
    screen.draw(['12345678901', { text: 'b', style: 'bold' }, 'c', 'd']);
    const frame = '\u001b[H123456789…\u001b[K\r\n\u001b[1mb\u001b[0m\u001b[K\r\nc\u001b[K\u001b[J';
    expect(terminal.written).toBe(frame);
    screen.draw(['12345678901', { text: 'b', style: 'bold' }, 'c', 'd']);
    expect(terminal.written).toBe(frame);
    screen.close();
    screen.close();
    expect(terminal.written).toBe(`${frame}\u001b[?25h\u001b[?1049l`);
  });

  test('without colors there are none; without a size there is one', () => {
    const terminal = Object.assign(new FakeTerminal(), { columns: 0, rows: 0, colors: false });
    const screen = new Screen(terminal);
    expect(screen.size).toEqual({ columns: 80, rows: 24 });
    screen.open();
    screen.draw([{ text: 'b', style: 'red' }]);
    expect(terminal.written).toContain('\u001b[Hb\u001b[K');
  });
});

describe('liveView', () => {
  const controller = () => new AbortController();

  test('paints at once and when the window changes, until a key ends it', async () => {
    const output = new FakeTerminal();
    const input = new FakeKeys();
    const render = ({ columns, rows }: { columns: number; rows: number }) => [`${columns}x${rows}`];
    const over = liveView({
      output,
      input,
      render,
      interval: 3_600_000,
      signal: controller().signal,
    });
    expect(output.written).toContain('10x3');
    expect([input.raw, input.flowing]).toEqual([true, true]);
    Object.assign(output, { columns: 20, rows: 5 });
    output.emit('resize');
    expect(output.written).toContain('20x5');
    input.emit('data', Buffer.from('x'));
    input.emit('data', Buffer.from('q'));
    await over;
    expect([input.raw, input.flowing, input.listenerCount('data')]).toEqual([false, false, 0]);
    expect(output.listenerCount('resize')).toBe(0);
    expect(output.written).toMatch(/\u001b\[\?1049l$/);
  });

  test('leaves the terminal as it was where painting fails', async () => {
    const output = new FakeTerminal();
    const input = new FakeKeys();
    const render = () => {
      throw new Error('no idea');
    };
    const over = liveView({ output, input, render, signal: controller().signal });
    await expect(over).rejects.toThrow('no idea');
    expect(input.raw).toBe(false);
    expect(output.written).toMatch(/\u001b\[\?1049l$/);
  });

  test('a signal ends it, also one from before', async () => {
    const render = () => ['a'];
    const ending = controller();
    const over = liveView({ output: new FakeTerminal(), render, signal: ending.signal });
    ending.abort();
    await over;
    await liveView({ output: new FakeTerminal(), render, signal: AbortSignal.abort() });
  });
});
