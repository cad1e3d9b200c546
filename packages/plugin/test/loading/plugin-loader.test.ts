import path from 'node:path';
import { parseConfig, type ConfigError } from '@sluice/config';
import { describe, expect, test } from 'vitest';
import {
  apiVersion,
  PluginLoadError,
  PluginLoader,
  PluginRegistry,
  type LazyPlugins,
  type PluginKind,
} from '../../src/index.js';
import { definition, folderWith, plugin } from '../support/files.js';

function loaderIn(folders: string | string[], lazy?: readonly LazyPlugins[]) {
  const registry = new PluginRegistry();
  const loader = new PluginLoader({ registry, folders: [folders].flat(), ...(lazy && { lazy }) });
  return { registry, loader };
}

/** Loads a module. @returns kinds and types of what it has */
async function load(folder: string, name: string): Promise<string[]> {
  const loaded = await loaderIn(folder).loader.load(name);
  return loaded.map((each) => `${each.definition.kind} ${each.definition.type}`);
}

/** What a section's `@type` leads to. */
async function find(folders: string | string[], section: string, kind: PluginKind = 'output') {
  const { registry, loader } = loaderIn(folders);
  const root = parseConfig(section, { path: 'test.conf' });
  await loader.prepare(root);
  return registry.find(kind, root.elements[0]);
}

const failure = async (loading: Promise<unknown>): Promise<PluginLoadError> => {
  const error = await loading.then(
    () => new Error('it loaded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PluginLoadError);
  return error as PluginLoadError;
};

describe('a module', () => {
  test.each([
    ['by default', plugin('x'), ['output x']],
    ['by name', `export const one = ${definition('x')};`, ['output x']],
    [
      'several',
      `export const one = ${definition('x')}; export const two = ${definition('x', 'input')};
       export default one; export const more = 'other things';`,
      ['output x', 'input x'],
    ],
    [
      'a list',
      `export default [${definition('x')}, ${definition('y')}];`,
      ['output x', 'output y'],
    ],
  ])('exports a definition: %s', async (_name, text, expected) => {
    const folder = folderWith({ 'x.mjs': text });
    expect((await load(folder, './x.mjs')).sort()).toEqual(expected.sort());
    expect(await load(folder, 'x.mjs')).toHaveLength(expected.length);
    expect(await load('/', path.join(folder, 'x.mjs'))).toHaveLength(expected.length);
  });

  test.each([
    ['module.exports', `module.exports = ${definition('x')};`],
    ['exports', `exports.one = ${definition('x')};`],
    ['exports of several', `module.exports = { one: ${definition('x')}, n: 1 };`],
    [
      'the output of a compiler',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${definition('x')};`,
    ],
  ])('is CommonJS: %s', async (_name, text) => {
    const folder = folderWith({
      'node_modules/sluice-plugin-x/package.json': { name: 'sluice-plugin-x' },
      'node_modules/sluice-plugin-x/index.js': text,
    });
    expect(await load(folder, 'sluice-plugin-x')).toEqual(['output x']);
  });

  test('is known with its package and version', async () => {
    const folder = folderWith({
      'node_modules/sluice-plugin-x/package.json': {
        name: 'sluice-plugin-x',
        version: '1.2.3',
        exports: './x.mjs',
      },
      'node_modules/sluice-plugin-x/x.mjs': plugin('x'),
    });
    const [loaded] = await loaderIn(folder).loader.load('sluice-plugin-x');
    expect(loaded.origin).toEqual({ from: 'sluice-plugin-x', version: '1.2.3' });
  });

  test('may be named twice', async () => {
    const folder = folderWith({ 'x.mjs': plugin('x') });
    const { loader, registry } = loaderIn(folder);
    await loader.load('./x.mjs');
    await loader.load(path.join(folder, 'x.mjs'));
    expect(registry.all()).toHaveLength(1);
  });

  test('is looked for in the folders in their order, after those of the call', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((type) => folderWith({ 'x.mjs': plugin(type) }));
    const { loader } = loaderIn([a, b]);
    const [first] = await loader.load('./x.mjs');
    const [second] = await loader.load('./x.mjs', [c]);
    expect([first.definition.type, second.definition.type]).toEqual(['a', 'c']);
  });
});

describe('a folder of modules', () => {
  test('gives the plugins of each; what is none stands beside them', async () => {
    const folder = folderWith({
      'plugins/in_a.mjs': plugin('a', 'input'),
      'plugins/out_b.mjs': plugin('b'),
      'plugins/shared.mjs': 'export const shared = 1;',
      'plugins/out_b.test.mjs': 'throw new Error("a test is not imported");',
      'plugins/README.md': '',
    });
    expect(await load(folder, './plugins')).toEqual(['input a', 'output b']);
    expect(await load(folder, 'plugins')).toHaveLength(2);
  });

  test('without plugins is an error', async () => {
    const folder = folderWith({ 'plugins/shared.mjs': 'export const shared = 1;' });
    const error = await failure(load(folder, './plugins'));
    expect(error.message).toBe(`folder ${path.join(folder, 'plugins')} has no plugins`);
  });

  test('with a broken module is an error', async () => {
    const folder = folderWith({ 'plugins/x.mjs': plugin('x'), 'plugins/y.mjs': 'throw 1;' });
    await expect(load(folder, './plugins')).rejects.toThrow('y.mjs failed to load: 1');
  });
});

describe('@type', () => {
  const named = (name: string, type: string, kind?: PluginKind) => ({
    [`node_modules/${name}/package.json`]: { name, exports: './x.mjs' },
    [`node_modules/${name}/x.mjs`]: plugin(type, kind),
  });

  test('NAME is in the package sluice-plugin-NAME', async () => {
    const folder = folderWith(named('sluice-plugin-loki', 'loki'));
    expect(await find(folder, '<match **>\n@type loki\n</match>')).toMatchObject({ type: 'loki' });
  });

  test('SCOPE/NAME is in @SCOPE/sluice-plugin-NAME', async () => {
    const folder = folderWith(named('@acme/sluice-plugin-loki', 'acme/loki'));
    const found = await find(folder, '<match **>\n@type acme/loki\n</match>');
    expect(found).toMatchObject({ type: 'acme/loki' });
  });

  test.each<[section: string, kind: PluginKind]>([
    ['source', 'input'],
    ['filter **', 'filter'],
    ['match **', 'output'],
    ['store', 'output'],
    ['secondary', 'output'],
    ['parse', 'parser'],
    ['format', 'formatter'],
    ['service_discovery', 'service_discovery'],
    ['buffer', 'chunk_store'],
  ])('in <%s> names a plugin of the kind %s', async (section, kind) => {
    const folder = folderWith(named('sluice-plugin-x', 'x', kind));
    const [name] = section.split(' ');
    const { registry, loader } = loaderIn(folder);
    await loader.prepare(parseConfig(`<label @A>\n<${section}>\n@type x\n</${name}>\n</label>`));
    expect(registry.get(kind, 'x')).toBeDefined();
  });

  test('a path is looked for beside the configuration, then in the current folder, then beside the agent', async () => {
    const folders = ['config', 'current', 'agent'].map((type) =>
      folderWith({ 'all.mjs': plugin(type), [`${type}.mjs`]: plugin(type) }),
    );
    const at = async (file: string) => {
      const { registry, loader } = loaderIn(folders);
      const root = parseConfig(`<match **>\n@type ./${file}.mjs\n</match>`);
      await loader.prepare(root);
      expect(registry.find('output', root.elements[0]).type).toBe(`./${file}.mjs`);
      return registry.all()[0].definition.type;
    };
    expect(await at('all')).toBe('config');
    for (const type of ['config', 'current', 'agent']) expect(await at(type)).toBe(type);
  });

  test('a path may be written in several sections', async () => {
    const folder = folderWith({ 'x.mjs': plugin('x') });
    const { registry, loader } = loaderIn(folder);
    const root = parseConfig(
      '<match a>\n@type ./x.mjs\n</match>\n<match b>\n@type ./x.mjs\n</match>',
    );
    await loader.prepare(root);
    for (const section of root.elements) {
      expect(registry.find('output', section)).toMatchObject({ kind: 'output' });
    }
  });

  test('an unknown one tells what was looked for, where, and what would install it', async () => {
    const folder = folderWith({});
    const error = (await find(folder, '<match **>\n@type loki\n</match>').catch(
      (thrown: unknown) => thrown,
    )) as ConfigError;
    expect(error).toMatchObject({ file: 'test.conf', line: 2 });
    expect(error.message).toBe('unknown output plugin "loki"');
    expect(error.hint).toContain(
      `output plugin "loki" was looked for as the package sluice-plugin-loki in ${folder} and not found; ` +
        'npm install sluice-plugin-loki would install it, if it exists',
    );
  });

  test.each([
    [
      'another type',
      named('sluice-plugin-loki', 'lokki'),
      'loki',
      'plugin module sluice-plugin-loki has no output plugin "loki": it has output "lokki"',
    ],
    [
      'another kind',
      named('sluice-plugin-loki', 'loki', 'input'),
      'loki',
      'plugin module sluice-plugin-loki has no output plugin "loki": it has input "loki"',
    ],
    [
      'a path with several',
      { 'x.mjs': `export default [${definition('a')}, ${definition('b')}];` },
      './x.mjs',
      'x.mjs has several output plugins: output "a", output "b"',
    ],
    [
      'a path with none of the kind',
      { 'x.mjs': plugin('a', 'input') },
      './x.mjs',
      'x.mjs has no output plugin "./x.mjs": it has input "a"',
    ],
    ['a path of nothing', {}, './x.mjs', 'unknown output plugin "./x.mjs"'],
    ['a module that throws', { 'x.mjs': 'throw new Error("boom");' }, './x.mjs', 'Error: boom'],
  ])('%s is an error at its place', async (_name, files, type, message) => {
    const folder = folderWith(files);
    const error = (await find(folder, `<match **>\n@type ${type}\n</match>`).catch(
      (thrown: unknown) => thrown,
    )) as ConfigError;
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ file: 'test.conf', line: 2, parameter: '@type' });
  });
});

describe('an error', () => {
  test('a package that is not there', async () => {
    const folder = folderWith({});
    const error = await failure(load(folder, 'sluice-plugin-nowhere'));
    expect(error.code).toBe('ERR_SLUICE_PLUGIN_NOT_FOUND');
    expect(error.format()).toBe(
      `plugin module "sluice-plugin-nowhere" was looked for as the package sluice-plugin-nowhere in ${folder} and not found\n` +
        '  npm install sluice-plugin-nowhere would install it, if it exists',
    );
  });

  test('a file that is not there', async () => {
    const folder = folderWith({});
    const error = await failure(load(folder, './nowhere.mjs'));
    expect(error.format()).toBe(
      `plugin module "./nowhere.mjs" was looked for as ./nowhere.mjs in ${folder} and not found\n` +
        '  check the path',
    );
    const absolute = await failure(load(folder, '/nonexistent/x.mjs'));
    expect(absolute.message).toBe(
      'plugin module "/nonexistent/x.mjs" was looked for as /nonexistent/x.mjs and not found',
    );
  });

  test('a module that throws: what, and where in it', async () => {
    const folder = folderWith({
      'x.mjs': 'const nothing = undefined;\nnothing.at();\n',
      'y.mjs': "throw 'a word';",
    });
    const file = path.join(folder, 'x.mjs');
    const error = await failure(load(folder, './x.mjs'));
    expect(error.code).toBe('ERR_SLUICE_PLUGIN_IMPORT');
    expect(error.message).toMatch(`plugin module ${file} failed to load: TypeError: `);
    expect(error.hint).toContain('x.mjs:2:');
    expect(error.cause).toBeInstanceOf(TypeError);
    const word = await failure(load(folder, './y.mjs'));
    expect(word.message).toBe(`plugin module ${path.join(folder, 'y.mjs')} failed to load: a word`);
  });

  test('a module that imports what is not installed', async () => {
    const folder = folderWith({ 'x.mjs': "import 'a-package-of-nobody';" });
    const error = await failure(load(folder, './x.mjs'));
    expect(error.message).toContain("Cannot find package 'a-package-of-nobody'");
    expect(error.hint).toBe('install what it imports beside it, with npm install');
  });

  test.each([
    ['export const a = 1, b = 2;', ' (it exports a, b)'],
    ['', ''],
    ['export default null;', ' (it exports default)'],
    [`export default { ...${definition('x')}, kind: 'toString' };`, ' (it exports default)'],
  ])('a module without a definition: %s', async (text, exported) => {
    const folder = folderWith({ 'x.mjs': text });
    const error = await failure(load(folder, './x.mjs'));
    expect(error.code).toBe('ERR_SLUICE_PLUGIN_NO_DEFINITION');
    expect(error.format()).toBe(
      `plugin module ${path.join(folder, 'x.mjs')} exports no plugin definition${exported}\n` +
        '  export what defineInput, defineOutput, defineFilter and so on of @sluice/plugin return',
    );
  });

  test('a plugin for another version of the contracts', async () => {
    const folder = folderWith({ 'x.mjs': plugin('x', 'output', apiVersion + 1) });
    const file = path.join(folder, 'x.mjs');
    const error = await failure(load(folder, './x.mjs'));
    expect(error.code).toBe('ERR_SLUICE_PLUGIN_VERSION');
    expect(error.format()).toBe(
      `output plugin "x" of ${file} was made for version ${apiVersion + 1} of @sluice/plugin, ` +
        `and this is version ${apiVersion}\n` +
        `  install a version of ${file} for @sluice/plugin ${apiVersion}, or the agent that it was made for`,
    );
  });

  test('a definition that was made by hand', async () => {
    const text = definition('x').replace(/apiVersion: \d+, /, '');
    const folder = folderWith({ 'x.mjs': `export default ${text};` });
    const error = await failure(load(folder, './x.mjs'));
    expect(error.message).toContain('was made for an unknown version of @sluice/plugin');
    expect(error.hint).toBe(`make it with defineInput or its like of @sluice/plugin ${apiVersion}`);
  });

  test('a plugin with the type of another', async () => {
    const folder = folderWith({ 'x.mjs': plugin('x'), 'y.mjs': plugin('x') });
    const { loader } = loaderIn(folder);
    await loader.load('./x.mjs');
    const error = await failure(loader.load('./y.mjs'));
    expect(error.code).toBe('ERR_SLUICE_PLUGIN_DUPLICATE');
    expect(error.format()).toBe(
      `duplicate output plugin "x": ${path.join(folder, 'y.mjs')} has the type of a plugin of ${path.join(folder, 'x.mjs')}\n` +
        '  remove one of them, or give it another type',
    );
  });
});

describe('plugins that are there by default', () => {
  const shipped = (loads: string[]): LazyPlugins[] =>
    (['output', 'formatter'] as const).map((kind) => ({
      from: `@sluice/${kind}`,
      provides: [`${kind} x`],
      load: () => {
        loads.push(kind);
        const create = () => ({}) as never;
        const section = { name: 'match', schema: {}, read: () => ({}) };
        return Promise.resolve({
          x: { kind, apiVersion, type: 'x', description: '', section, create },
        });
      },
    }));

  test('are imported when a section names them; those inside of others, always', async () => {
    const loads: string[] = [];
    const { loader, registry } = loaderIn(folderWith({}), shipped(loads));
    await loader.prepare(parseConfig('<source>\n@type x\n</source>'));
    expect(loads).toEqual(['formatter']);
    await loader.prepare(parseConfig('<match **>\n@type x\n</match>'));
    await loader.loadAll();
    expect(loads).toEqual(['formatter', 'output']);
    expect(registry.get('output', 'x')?.origin.from).toBe('@sluice/output');
  });

  test('keep their types', async () => {
    const folder = folderWith({ 'x.mjs': plugin('x') });
    const { loader } = loaderIn(folder, shipped([]));
    const error = await failure(loader.load('./x.mjs'));
    expect(error.format()).toBe(
      `duplicate output plugin "x": ${path.join(folder, 'x.mjs')} has the type of a plugin of @sluice/output\n` +
        '  give it another type',
    );
  });

  test('are suggested where a type is spelled wrong', async () => {
    const provides = ['output forward'];
    const lazy = [{ from: '@sluice/f', provides, load: () => Promise.resolve({}) }];
    const { loader, registry } = loaderIn(folderWith({}), lazy);
    const root = parseConfig('<match **>\n@type foward\n</match>');
    await loader.prepare(root);
    expect(() => registry.find('output', root.elements[0])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('did you mean forward') as string }),
    );
  });
});
