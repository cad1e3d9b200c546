import dgram from 'node:dgram';
import { once } from 'node:events';
import { access, constants, mkdtemp, rmdir, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { errorInFile, type ConfigElement, type ConfigError } from '@sluice/config';
import type { Protocol } from '@sluice/server';
import { createServerContext, TlsError } from '@sluice/tls';
import type { StartCheckContext } from './definition.js';
import { logInFileNames } from './log-in-file-names.js';
import { transportOptions, transportSection, type Transport } from './transport/transport.js';

/** What a plugin is going to listen with. */
export interface Listening {
  /** The port; not looked at where it listens on a Unix socket. */
  readonly port?: number | undefined;
  /** Address to listen on. Default: all. */
  readonly bind?: string | undefined;
  /** The Unix socket. Default: that of `<transport unix>`, else none. */
  readonly unixPath?: string | undefined;
  /** Its `<transport>`, whose certificates are loaded. Default: plain TCP. */
  readonly transport?: Transport<Protocol> | undefined;
}

/**
 * What would keep a server from starting: a port that may not be listened on, an address that is not
 * this machine's, certificates that cannot be used. The port is held for a moment only. A port that
 * is in use is not a problem: it is mostly the running agent's, which the configuration is for.
 *
 * @param element the section of the plugin, with `port`, `bind`, `unix_path` and `<transport>`
 * @returns one error for each problem, which points at the parameter
 */
export async function listenProblems(
  { port, bind, unixPath, transport }: Listening,
  element: ConfigElement,
  { log, claimPort }: StartCheckContext,
): Promise<ConfigError[]> {
  const inner = element.children('transport').at(0) ?? element;
  const inTransport = transport?.protocol === 'unix' ? transport.path : undefined;
  const unix = unixPath ?? inTransport;
  const protocol = transport?.protocol === 'udp' ? 'udp' : 'tcp';
  const problems = [
    unix === undefined
      ? (takenPort(protocol, port ?? 0, bind, element, claimPort) ??
        (await portProblem(protocol, port ?? 0, bind, element)))
      : unixPath === undefined
        ? await unixProblem('path', unix, inner)
        : await unixProblem('unix_path', unix, element),
    transport === undefined ? undefined : await certificateProblem(transport, inner, log),
  ];
  return problems.filter((problem) => problem !== undefined);
}

function takenPort(
  protocol: 'tcp' | 'udp',
  port: number,
  bind: string | undefined,
  element: ConfigElement,
  claimPort: StartCheckContext['claimPort'],
): ConfigError | undefined {
  if (port === 0) return undefined;
  const other = claimPort?.(protocol, port, bind ?? '0.0.0.0', element);
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
  param: string,
  unixPath: string,
  element: ConfigElement,
): Promise<ConfigError | undefined> {
  const problem = await unwritableFolder(path.dirname(path.resolve(unixPath)));
  if (problem === undefined) return undefined;
  return element.error(`${param}: ${problem}`, { param });
}

async function portProblem(
  protocol: 'tcp' | 'udp',
  port: number,
  host: string | undefined,
  element: ConfigElement,
): Promise<ConfigError | undefined> {
  try {
    await (protocol === 'udp' ? bindOnce(port, host) : listenOnce(port, host));
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

async function listenOnce(port: number, host: string | undefined): Promise<void> {
  const server = net.createServer();
  server.listen({ port, host, exclusive: true });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

async function bindOnce(port: number, address: string | undefined): Promise<void> {
  const socket = dgram.createSocket(net.isIPv6(address ?? '') ? 'udp6' : 'udp4');
  try {
    socket.bind({ port, exclusive: true, ...(address !== undefined && { address }) });
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
}

async function certificateProblem(
  transport: Transport<Protocol>,
  element: ConfigElement,
  log: StartCheckContext['log'],
): Promise<ConfigError | undefined> {
  const options = transportOptions(transport);
  if (options.proto === 'udp' || options.tlsOptions === undefined) return undefined;
  try {
    const context = await createServerContext({
      ...options.tlsOptions,
      log: logInFileNames(log, element),
    });
    context.close();
    return undefined;
  } catch (error) {
    if (!(error instanceof TlsError) && !('syscall' in (error as object))) throw error;
    return errorInFile(error, transportSection, element);
  }
}

/** Why nothing can be made in a folder that is there, or will be; undefined where it can. */
export async function unwritableFolder(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder`;
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && path.dirname(folder) !== folder) {
      return unwritableFolder(path.dirname(folder)); // it would be made in this one
    }
    if (code === 'ENOTDIR') return unwritableFolder(path.dirname(folder));
    return message;
  }
  try {
    // To root every folder looks writable, /proc and those of a read-only image as well.
    await rmdir(await mkdtemp(path.join(folder, '.sluice-check-')));
    return undefined;
  } catch (error) {
    return `nothing can be made in ${folder} (${(error as NodeJS.ErrnoException).code})`;
  }
}
