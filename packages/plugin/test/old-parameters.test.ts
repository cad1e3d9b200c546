import { parseConfig, type ConfigElement } from '@sluice/config';
import { describe, expect, test } from 'vitest';
import { withoutOldParameters, type OldParameters } from '../src/index.js';

const all: OldParameters = { buffer: { chunkKeys: 'tag' }, format: true, inject: true };

const match = (lines: string): ConfigElement =>
  parseConfig(`<match **>\n${lines}\n</match>`).elements[0];

/** Each parameter as `section.name`, and the argument of each section. */
function shown(element: ConfigElement): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, value } of element.params.values()) values[name] = value;
  for (const inner of element.elements) {
    values[`<${inner.name}>`] = inner.arg;
    for (const { name, value } of inner.params.values()) values[`${inner.name}.${name}`] = value;
  }
  return values;
}

describe('parameters of Fluentd before version 1', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'buffer_type file\nbuffer_path /b\nnum_threads 4\nflush_interval 5s',
      {
        '<buffer>': 'tag',
        'buffer.@type': 'file',
        'buffer.path': '/b',
        'buffer.flush_thread_count': '4',
        'buffer.flush_interval': '5s',
      },
    ],
    [
      'buffer_queue_full_action exception\nretry_limit 3\ndisable_retry_limit false\nmax_retry_wait 9s',
      {
        '<buffer>': 'tag',
        'buffer.overflow_action': 'throw_exception',
        'buffer.retry_max_times': '3',
        'buffer.retry_forever': 'false',
        'buffer.retry_max_interval': '9s',
      },
    ],
    [
      'time_slice_format %Y%m%d%H\nutc true\ntime_slice_wait 1m',
      {
        time_slice_format: '%Y%m%d%H',
        '<buffer>': 'time',
        'buffer.timekey': '3600',
        'buffer.timekey_use_utc': 'true',
        'buffer.timekey_wait': '1m',
        '<inject>': '',
        'inject.localtime': 'false',
        '<format>': '',
        'format.utc': 'true',
      },
    ],
    [
      'format csv\nfields a,b\nforce_quotes false',
      {
        '<format>': '',
        'format.@type': 'csv',
        'format.fields': 'a,b',
        'format.force_quotes': 'false',
      },
    ],
    [
      'include_time_key true\ninclude_tag_key true',
      {
        '<inject>': '',
        'inject.time_key': 'time',
        'inject.time_type': 'string',
        'inject.tag_key': 'tag',
      },
    ],
    ['include_time_key false', {}],
    [
      'path /a\n<buffer>\n</buffer>\nnum_threads 3',
      { path: '/a', num_threads: '3', '<buffer>': '' },
    ],
    ['path /a', { path: '/a' }],
  ])('%j', (lines, expected) => {
    const old = { ...all, keep: ['time_slice_format'] };
    expect(shown(withoutOldParameters(match(lines), old))).toEqual(expected);
  });

  test('with time as the usual chunk key a slice is a day', () => {
    const element = withoutOldParameters(match('flush_interval 5s'), {
      buffer: { chunkKeys: 'time' },
    });
    expect(shown(element)).toEqual({
      '<buffer>': 'time',
      'buffer.timekey': '86400',
      'buffer.flush_interval': '5s',
    });
  });

  test('an output that takes none, and a section without any, stay as they are', () => {
    const old = match('num_threads 4');
    expect(withoutOldParameters(old, {})).toBe(old);
    const plain = match('path /a');
    expect(withoutOldParameters(plain, all)).toBe(plain);
  });

  test('errors point at the old parameter', () => {
    const { elements } = withoutOldParameters(match('path /a\nnum_threads x'), all);
    expect(elements[0].error('not a number', { param: 'flush_thread_count' }).line).toBe(3);
  });

  test.each([
    ['time_slice_format %Y%m', /not fine enough/],
    ['include_tag_key\nutc true\nlocaltime true', /exclude each other/],
  ])('%j is refused', (lines, message) => {
    expect(() => withoutOldParameters(match(lines), all)).toThrow(message);
  });
});
