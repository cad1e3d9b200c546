import { describe, expect, test } from 'vitest';
import { parseConfig } from '@sluice/config';
import { readSystem } from '../src/processes/system-settings.js';

describe('<system>', () => {
  const read = (text: string) => {
    const warnings: string[] = [];
    const log = { warn: (_fields: object, text: string) => warnings.push(text) };
    const settings = readSystem(parseConfig(text, { path: 'test.conf' }), log);
    return { settings, warnings };
  };

  test('is read', () => {
    const { settings, warnings } = read(`<system>
      workers 3
      log_level debug
      ignore_same_log_interval 30s
      emit_error_log_interval 1m
      process_name mine
      root_dir /var/lib/x
      <log>
        format json
        time_format %s
      </log>
    </system>`);
    expect(settings).toEqual({
      workers: 3,
      log: { level: 'debug', format: 'json', timeFormat: '%s', repeatInterval: 30 },
      withoutSource: false,
      emitErrorLogInterval: 60,
      processName: 'mine',
      rootDir: '/var/lib/x',
      rpc: undefined,
    });
    const { rpc } = read(
      '<system>\nrpc_endpoint "[::1]:24444"\nenable_get_dump\n</system>',
    ).settings;
    expect(rpc).toEqual({ host: '::1', port: 24_444, getDump: true });
    expect(warnings).toEqual([]);
    expect(read('').settings).toMatchObject({ workers: 1, log: {} });
  });

  test('what has no effect says so', () => {
    const { warnings } = read(`<system>
      suppress_config_dump true
      suppress_repeated_stacktrace true
      <log>
        rotate_age 3
      </log>
    </system>`);
    expect(warnings).toEqual([
      expect.stringMatching(/^suppress_repeated_stacktrace has no effect/),
      expect.stringMatching(/^suppress_config_dump has no effect/),
      expect.stringMatching(/^rotate_age has no effect/),
    ]);
  });

  test('of all addresses rpc_endpoint takes the loopback address, and says so', () => {
    const { settings, warnings } = read('<system>\nrpc_endpoint 0.0.0.0:24444\n</system>');
    expect(settings.rpc).toMatchObject({ host: '127.0.0.1', port: 24_444 });
    expect(warnings).toEqual([expect.stringContaining('loopback address only')]);
  });

  test.each([
    ['rpc_endpoint 24444', 2, 'host:port'],
    ['rpc_endpoint 192.0.2.1:24444', 2, 'loopback'],
    ['with_source_only true', 2, 'not supported'],
    ['<counter_server>\n</counter_server>', 2, '<counter_server> is not supported'],
    ['log_level loud', 2, 'warn'],
    ['workers 0', 2, 'workers'],
    ['<log>\ntime_format %Q!\n</log>', 3, 'directive'],
    ['</system>\n<system>', 3, 'line 1'],
  ])('%s is refused', (line, number, words) => {
    const failure = (): unknown => {
      try {
        return read(`<system>\n${line}\n</system>`);
      } catch (error) {
        return (error as { format(): string }).format();
      }
    };
    expect(failure()).toContain(`test.conf:${number}:`);
    expect(failure()).toContain(words);
  });
});
