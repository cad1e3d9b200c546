import { chmod, chown, lstat, open, readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerArgumentError } from '../errors.js';

const staleLock = 10_000; // milliseconds; the lock is held for a few

/**
 * Runs `listen` on a path that is free: a socket file that nobody listens on any more is removed
 * before, one that is alive is left as it is (`listen` then fails with EADDRINUSE, or, in a
 * cluster, joins the other workers). A lock file beside it keeps several processes from removing
 * each other's new socket.
 * @internal
 */
export async function withFreePath(path: string, listen: () => Promise<void>): Promise<void> {
  if (path.startsWith('\0') || !(await isLeftBehind(path))) {
    await listen();
    return;
  }
  const lock = `${path}.lock`;
  await take(lock);
  try {
    if (await isLeftBehind(path)) await rm(path, { force: true });
    await listen();
  } finally {
    await rm(lock, { force: true });
  }
}

/** True where a Unix socket's file is not there (any more). @internal */
export async function isGone(path: string): Promise<boolean> {
  if (path.startsWith('\0')) return false;
  return lstat(path).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT',
  );
}

async function take(lock: string): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, 'wx')).close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const age = await lstat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > staleLock) await rm(lock, { force: true });
    else await delay(10);
  }
}

/** True for a socket file without a listener. */
async function isLeftBehind(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return false;
  // Asking the kernel first spares a live server a connection that only looks.
  if (await isListening(path)) return false;
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

async function isListening(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const table = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  // Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON.
  return table
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] === '00010000');
}

/** Sets the mode and the owner of a new socket file. @internal */
export async function setOwnership(
  path: string,
  mode: number | undefined,
  owner: number | undefined,
  group: number | undefined,
): Promise<void> {
  if (path.startsWith('\0')) return;
  if (owner !== undefined || group !== undefined) await chown(path, owner ?? -1, group ?? -1);
  if (mode !== undefined) await chmod(path, mode);
}

/** `0o660` or `'0660'` as a mode. @internal */
export function modeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const mode = typeof value === 'string' && /^[0-7]{3,4}$/.test(value) ? parseInt(value, 8) : value;
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new ServerArgumentError(
      "permissions must be a mode such as 0o660 or '0660'",
      'permissions',
      value,
    );
  }
  return mode;
}

/** The number of a user or a group, given by number or by name. @internal */
export function idOf(option: 'owner' | 'group', value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  if (typeof value === 'string' && value !== '') {
    const id = lookUp(option === 'owner' ? '/etc/passwd' : '/etc/group', value);
    if (id !== undefined) return id;
  }
  const kind = option === 'owner' ? 'user' : 'group';
  throw new ServerArgumentError(`${option}: no ${kind} ${JSON.stringify(value)}`, option, value);
}

function lookUp(file: string, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // no such file on this platform: the name is then unknown
  }
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}
