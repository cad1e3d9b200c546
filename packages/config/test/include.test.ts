import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../src/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice config [1] '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function failure(name: string): Promise<ConfigError> {
  const error = await loadConfig(join(folder, name)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

describe('@include', () => {
  test('takes paths relative to the including file, absolute paths, file URLs and globs', async () => {
    await write({
      'main.conf': [
        'k1 root',
        'include dir/two.conf  #',
        `@include ${folder}/four.conf`,
        `include file://${folder.replaceAll(' ', '%20')}/five.conf`,
        '@include conf.d/*.conf',
        '@include "{six,seven}.conf"',
      ].join('\n'),
      'dir/two.conf': 'k2 relative\n@include ../three.conf',
      'three.conf': 'k3 from an included file',
      'four.conf': 'k4 absolute',
      'five.conf': 'k5 URL',
      'conf.d/b.conf': '<elem1 name>\ninclude plain\n</elem1>',
      'conf.d/a.conf': '<elem2>\n@include ../dir/nine.conf\n</elem2>\nk7 a',
      'conf.d/.hidden.conf': 'hidden yes',
      'dir/nine.conf': 'k9 embedded\n<elem3>\n</elem3>',
      'six.conf': 'k6 six',
      'seven.conf': 'k8 seven',
    });
    const warnings: string[] = [];
    const root = await loadConfig(join(folder, 'main.conf'), {
      log: { warn: (_, text) => warnings.push(text) },
    });
    expect([...root.params.keys()]).toEqual(['k1', 'k2', 'k3', 'k4', 'k5', 'k7', 'k8', 'k6']);
    expect(root.elements.map((element) => element.name)).toEqual(['elem2', 'elem1']);
    expect(root.elements[0].get('k9')).toBe('embedded');
    expect(root.elements[0].elements[0].name).toBe('elem3');
    expect(root.elements[1].get('include')).toBe('plain');
    expect(root.elements[0].location).toMatchObject({
      file: join(folder, 'conf.d/a.conf'),
      line: 1,
    });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/main\.conf:2: include is deprecated; write @include$/);
  });

  test('refuses a loop, and says how it runs', async () => {
    await write({ 'a.conf': 'k 1\n@include b.conf', 'b.conf': '<x>\n@include a.conf\n</x>' });
    const error = await failure('a.conf');
    expect(error.code).toBe('ERR_SLUICE_CONFIG_INCLUDE');
    expect(error.message).toContain('includes itself');
    expect(error.message).toContain('a.conf -> ');
    expect(error).toMatchObject({ file: join(folder, 'b.conf'), line: 2, column: 10 });
  });

  test('refuses a loop over a symbolic link and a glob', async () => {
    await write({ 'a.conf': '@include *.conf' });
    await symlink('a.conf', join(folder, 'b.conf'));
    expect((await failure('a.conf')).message).toContain('includes itself');
  });

  test('may include a file twice, one after the other', async () => {
    await write({ 'a.conf': '@include b.conf\n@include b.conf', 'b.conf': '<x>\n</x>' });
    expect((await loadConfig(join(folder, 'a.conf'))).elements).toHaveLength(2);
  });

  test('bounds what doubling files can do', async () => {
    const files: Record<string, string> = { '40.conf': 'k 1' };
    for (let i = 0; i < 40; i++) files[`${i}.conf`] = `@include ${i + 1}.conf\n`.repeat(2);
    await write(files);
    expect((await failure('0.conf')).message).toBe('more than 10000 files are included');
  });

  test('a glob may match nothing, a path must exist', async () => {
    await write({ 'a.conf': '@include none/*.conf\n@include none.conf' });
    const error = await failure('a.conf');
    expect(error).toMatchObject({ code: 'ERR_SLUICE_CONFIG_INCLUDE', line: 2, column: 10 });
    expect(error.message).toBe(`cannot include ${join(folder, 'none.conf')}: no such file`);
  });

  test('refuses URLs, without showing their password', () => {
    expect(() => parseConfig('@include https://joe:pw@example.com/a.conf')).toThrow(
      'cannot include the URL https://example.com/a.conf: only files can be included',
    );
  });

  test('refuses a folder, and a file that is not UTF-8', async () => {
    await write({
      'a.conf': '@include dir',
      'b.conf': '@include latin.conf',
      'dir/x': '',
      'latin.conf': Uint8Array.of(0x6b, 0x20, 0xe4),
    });
    expect((await failure('a.conf')).message).toMatch(/: it is a folder, not a file$/);
    expect((await failure('b.conf')).message).toMatch(/: it is not valid UTF-8$/);
  });

  test('points into the included file', async () => {
    await write({ 'a.conf': '@include b.conf', 'b.conf': '\n<x>\n' });
    expect(await failure('a.conf')).toMatchObject({ file: join(folder, 'b.conf'), line: 2 });
  });
});

describe('a configuration file', () => {
  test('that is missing is named', async () => {
    const error = await failure('none.conf');
    expect(error.code).toBe('ERR_SLUICE_CONFIG_FILE');
    expect(error.format()).toMatch(/^cannot read the configuration .*none\.conf: no such file\n/);
  });

  test.skipIf(process.getuid?.() === 0)('that may not be read is named', async () => {
    await write({ 'a.conf': '' });
    await chmod(join(folder, 'a.conf'), 0);
    expect((await failure('a.conf')).message).toMatch(/permission denied$/);
  });
});
