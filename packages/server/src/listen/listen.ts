import type { Server, ListenOptions } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import cluster from 'node:cluster';
import { formatPeer } from '../connection/format-peer.js';
import { asError, ListenError } from '../errors.js';
import { isGone, setOwnership, withFreePath } from './unix-path.js';

/** Where a server listens: checked. @internal */
export interface ListenTarget {
  port: number;
  host: string;
  ipv6Only: boolean;
  path: string | undefined;
  fd: number | undefined;
  backlog: number | undefined;
  exclusive: boolean;
  reusePort: boolean;
  mode: number | undefined;
  owner: number | undefined;
  group: number | undefined;
}

/** `'[::]'` is both families; `'::'` is IPv6 alone, as Fluentd binds it. @internal */
export function parseBind(bind: string): { host: string; ipv6Only: boolean } {
  if (bind === '') return { host: '0.0.0.0', ipv6Only: false };
  const host = /^\[(.*)\]$/.exec(bind)?.[1];
  return host === undefined ? { host: bind, ipv6Only: bind === '::' } : { host, ipv6Only: false };
}

/** The printed form of a target. @internal */
export function formatTarget(target: ListenTarget): string {
  if (target.fd !== undefined) return `descriptor ${target.fd}`;
  if (target.path !== undefined) return formatPeer(target.path, undefined);
  return formatPeer(target.host, target.port);
}

/**
 * Starts to listen. Rejects with a `ListenError` that has the system's code.
 * @internal
 */
export async function listen(server: Server, target: ListenTarget, title: string): Promise<void> {
  const { path } = target;
  try {
    if (path === undefined || target.fd !== undefined) {
      await listening(server, listenOptions(target));
      return;
    }
    await withFreePath(path, async () => {
      await listening(server, listenOptions(target), target.mode);
    });
    // In a cluster the primary may hold a listener whose file somebody has removed since.
    if (await isGone(path)) {
      throw Object.assign(new Error('its file has been removed'), { code: 'ENOENT' });
    }
    await setOwnership(path, target.mode, target.owner, target.group);
  } catch (thrown) {
    server.close(); // where the file's owner could not be set it listens already
    throw new ListenError(title, formatTarget(target), asError(thrown));
  }
}

function listenOptions(target: ListenTarget): ListenOptions {
  const { backlog, exclusive } = target;
  if (target.fd !== undefined) return { fd: target.fd, backlog, exclusive } as ListenOptions;
  if (target.path !== undefined) return { path: target.path, backlog, exclusive };
  const { port, host, ipv6Only, reusePort } = target;
  return { port, host, ipv6Only, backlog, exclusive, reusePort } as ListenOptions;
}

function listening(server: Server, options: ListenOptions, mode?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', done);
      reject(error);
    };
    const done = (): void => {
      server.off('error', failed);
      resolve();
    };
    server.once('error', failed);
    server.once('listening', done);
    // The file never exists with more rights than it is to have. In a cluster the primary makes
    // it, and a worker thread has no umask.
    const masked = mode !== undefined && isMainThread && !cluster.isWorker;
    const before = masked ? process.umask(0o777 & ~mode) : 0;
    try {
      server.listen(options);
    } catch (error) {
      server.off('listening', done);
      server.off('error', failed);
      reject(asError(error));
    } finally {
      if (masked) process.umask(before);
    }
  });
}
