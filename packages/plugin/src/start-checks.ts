import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { ConfigElement, ConfigError } from '@sluice/config';
import { createServerContext, TlsError } from '@sluice/tls';
import type { StartCheckContext } from './definition.js';
import { transportOptions, type Transport } from './transport.js';

/** What a plugin is going to listen with. */
export interface Listening {
  /** The port; undefined where it listens on a Unix socket. */
  readonly port?: number | undefined;
  /** Address to listen on. Default: all. */
  readonly bind?: string | undefined;
  /** The Unix socket. */
  readonly unixPath?: string | undefined;
  /** Its `<transport>`, whose certificates are loaded. Default: none. */
  readonly transport?: Transport | undefined;
}

/**
 * What would keep a server from starting: a port that may not be listened on, an address that is not
 * this machine's, certificates that cannot be used. The port is held for a moment only. A port that
 * is in use is no problem: it is mostly the running agent's, which the configuration is for.
 *
 * @param element the section of the plugin, with `port`, `bind`, `unix_path` and `<transport>`
 * @returns one error for each problem, which points at the parameter
 */
export async function listenProblems(
  { port, bind, unixPath, transport }: Listening,
  element: ConfigElement,
  { log, claimPort }: StartCheckContext,
): Promise<ConfigError[]> {
  const problems = [
    unixPath === undefined
      ? (takenPort(port ?? 0, bind, element, claimPort) ??
        (await portProblem(port ?? 0, bind, element)))
      : await unixProblem(unixPath, element),
    transport === undefined
      ? undefined
      : await certificateProblem(transport, element.children('transport').at(0) ?? element, log),
  ];
  return problems.filter((problem) => problem !== undefined);
}

function takenPort(
  port: number,
  bind: string | undefined,
  element: ConfigElement,
  claimPort: StartCheckContext['claimPort'],
): ConfigError | undefined {
  if (port === 0) return undefined;
  const other = claimPort?.('tcp', port, bind ?? '0.0.0.0', element);
  if (other === undefined) return undefined;
  const { file, line } = other.location;
  return element.error(
    `duplicate port ${port}: ${other.tag} listens on it, too (${file}:${line})`,
    {
      ...(element.params.has('port') && { param: 'port' }),
      hint: 'give one of them another port, or another address with bind',
    },
  );
}

async function unixProblem(
  unixPath: string,
  element: ConfigElement,
): Promise<ConfigError | undefined> {
  const problem = await unwritableFolder(path.dirname(path.resolve(unixPath)));
  if (problem === undefined) return undefined;
  return element.error(`unix_path: ${problem}`, { param: 'unix_path' });
}

async function portProblem(
  port: number,
  host: string | undefined,
  element: ConfigElement,
): Promise<ConfigError | undefined> {
  const server = net.createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return undefined;
    const param = code === 'EACCES' ? 'port' : 'bind';
    return element.error(`cannot listen: ${message}`, {
      ...(element.params.has(param) && { param }),
      hint:
        code === 'EACCES'
          ? 'ports below 1024 need the capability CAP_NET_BIND_SERVICE, or another port'
          : 'bind is an address of this machine, or 0.0.0.0 for all',
      cause: error,
    });
  }
}

async function certificateProblem(
  transport: Transport,
  element: ConfigElement,
  log: StartCheckContext['log'],
): Promise<ConfigError | undefined> {
  const { tlsOptions } = transportOptions(transport);
  if (tlsOptions === undefined) return undefined;
  try {
    const context = await createServerContext({ ...tlsOptions, log });
    context.close();
    return undefined;
  } catch (error) {
    const { syscall, message, option } = error as NodeJS.ErrnoException & { option?: string };
    if (!(error instanceof TlsError) && syscall === undefined) throw error;
    const param = option?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return element.error(message, {
      ...(param !== undefined && element.params.has(param) && { param }),
      cause: error,
    });
  }
}

/** Why nothing can be made in a folder that is there, or will be; undefined where it can. */
export async function unwritableFolder(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder`;
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && path.dirname(folder) !== folder) {
      return unwritableFolder(path.dirname(folder)); // it would be made in this one
    }
    if (code === 'ENOTDIR') return unwritableFolder(path.dirname(folder));
    return message;
  }
}
