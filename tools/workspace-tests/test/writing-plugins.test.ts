import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { installFlags, installPacked, packWorkspace } from '../../packed-workspace.mjs';
import { readmeExamples } from '../../readme-examples.mjs';
import { root } from '../../workspace.mjs';

const run = promisify(execFile);
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sluice-authors-')));
let tarballs: Map<string, string>;

// What strangers get: the packages as they would be published, and nothing of this workspace.
beforeAll(() => {
  tarballs = packWorkspace(path.join(folder, 'packed'));
  installPacked(folder, tarballs.values());
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const create = (...args: string[]) =>
  run(
    process.execPath,
    [path.join(folder, 'node_modules/create-sluice-plugin/bin/create-sluice-plugin.js'), ...args],
    { cwd: folder },
  );

/** Resolves when a program has printed what is looked for. */
function printed(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const check = (more: Buffer): void => {
      text += more.toString();
      if (text.includes(words)) resolve();
    };
    child.stdout?.on('data', check);
    child.stderr?.on('data', check);
    child.once('close', () => reject(new Error(`it ended without "${words}":\n${text}`)));
  });
}

/** Starts a command line that goes on until the test ends. */
function background(line: string, cwd: string): { child: ChildProcess; stop: () => Promise<void> } {
  const child = spawn('bash', ['-c', line], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid!, 'SIGTERM');
    await closed;
  };
  onTestFinished(stop);
  return { child, stop };
}

const kinds = ['input', 'output', 'filter'];
const cases = kinds.flatMap((kind) => ['js', 'ts'].map((language) => [kind, language] as const));

describe('npm create sluice-plugin', () => {
  test.each(cases)(
    '%s in %s: its test passes, and the agent takes it',
    async (kind, language) => {
      const type = `made_${kind}_${language}`;
      await create(type, '--kind', kind, '--language', language);
      const project = path.join(folder, `sluice-plugin-${type}`);
      await run('npm', ['test'], { cwd: project });
      const sluice = path.join(folder, 'node_modules/.bin/sluice');
      const args = ['-c', 'example.conf', '--plugin', '.', '--dry-run'];
      const { stdout } = await run(sluice, args, { cwd: project });
      expect(stdout).toBe('example.conf: OK\n');
    },
    120_000,
  );

  test('one with a scope has the name that its type is looked for by', async () => {
    await create('acme/thing', '--kind', 'filter', '--language', 'js');
    const described = readFileSync(path.join(folder, 'sluice-plugin-thing/package.json'), 'utf8');
    expect(JSON.parse(described)).toMatchObject({ name: '@acme/sluice-plugin-thing' });
    const source = readFileSync(path.join(folder, 'sluice-plugin-thing/src/index.js'), 'utf8');
    expect(source).toContain("type: 'acme/thing'");
    expect(source).toContain('class ThingFilter extends');
  });

  test.each([
    [['x', '--kind', 'inptu'], 2, '--kind is one of input, output, filter, not "inptu"'],
    [['x'], 2, '--kind is required'],
    [[], 2, 'NAME is required'],
    [['x', '--kid', 'input'], 2, "Unknown option '--kid'"],
    [['X y', '--kind', 'input'], 1, '"X y" cannot be the type of a plugin'],
    [['packed', 'y', '--kind', 'input'], 2, 'unexpected argument "y"'],
  ])('%j is refused', async (args, code, words) => {
    await expect(create(...args)).rejects.toMatchObject({
      code,
      stderr: expect.stringContaining(words) as string,
    });
  });

  test('a folder with something in it is left alone', async () => {
    await create('twice', '--kind', 'input', '--language', 'js');
    await expect(create('twice', '--kind', 'input')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'sluice-plugin-twice is there already, and not empty',
      ) as string,
    });
  });
});

test('the guide: every command and every file of it', async () => {
  const guide = path.join(root, 'docs/write-a-plugin.md');
  const blocks = readmeExamples(guide);
  const commands = blocks
    .filter(({ lang }) => lang === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'));
  expect(commands.length).toBeLessThan(10);
  const outer = mkdtempSync(path.join(folder, 'guide-'));
  const project = path.join(outer, 'sluice-plugin-example');
  // What is not published yet comes from the tarballs.
  const local = (line: string): string =>
    line
      .replace(
        /^npm create sluice-plugin@latest (.*?) -- /,
        `npm exec --yes --package=${tarballs.get('create-sluice-plugin')} -- create-sluice-plugin $1 `,
      )
      .replace(/^npm install$/, ['npm install', ...installFlags, ...tarballs.values()].join(' '));
  let cwd = outer;
  let agent: ReturnType<typeof background> | undefined;
  let said: Promise<void> | undefined;
  for (const { lang, code } of blocks) {
    const file = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(code)?.[1];
    if (file !== undefined) writeFileSync(path.join(project, file), code);
    else if (lang === 'text' && !code.startsWith('<')) await said;
    if (lang !== 'sh') continue;
    for (const line of code.trim().split('\n')) {
      if (line.startsWith('cd ')) cwd = project;
      else if (line === 'npm start' || /^npx sluice -c \S+ --plugin \.$/.test(line)) {
        await agent?.stop();
        agent = background(line, project);
        await printed(agent.child, 'sluice is running');
        said = printed(agent.child, '{"message":"hello"}');
        said.catch(() => undefined);
      } else await run('bash', ['-c', local(line)], { cwd });
    }
    if (code.includes('24301')) {
      const collected = path.join(project, 'collected.txt');
      await expect
        .poll(() => readFileSync(collected, 'utf8'), { timeout: 20_000 })
        .toMatch(/ example: again\n$/);
    }
  }
  await agent?.stop();
}, 180_000);
