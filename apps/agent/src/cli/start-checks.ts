import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { ConfigElement, ConfigError } from '@sluice/config';
import { transportOptions, transportSection } from '@sluice/plugin';
import { createServerContext, TlsError } from '@sluice/tls';
import type { AgentLog } from '../log.js';

/** The sections in which plugins stand, those inside of others too. */
function plugins(element: ConfigElement): ConfigElement[] {
  const own = ['source', 'match', 'store'].includes(element.name) ? [element] : [];
  return [...own, ...element.elements.flatMap((inner) => plugins(inner))];
}

/**
 * What would keep the agent from starting, beyond what the configuration itself says: certificates
 * and keys that cannot be used, ports that may not be listened on, folders that cannot be written.
 * Nothing is left behind: no file is made, and a port is held for a moment only. A port that is in
 * use is fine, since it is mostly the running agent's, which the configuration is for.
 *
 * @returns one error for each problem, which points at the parameter
 */
export async function startProblems(root: ConfigElement, log: AgentLog): Promise<ConfigError[]> {
  const problems: ConfigError[] = [];
  const check = async (run: () => Promise<ConfigError | undefined>): Promise<void> => {
    const problem = await run();
    if (problem !== undefined) problems.push(problem);
  };
  for (const element of plugins(root)) {
    if (element.name === 'source') {
      await check(() => portProblem(element));
      for (const transport of element.children('transport')) {
        await check(() => certificateProblem(transport, log));
      }
    } else if (element.type === 'file') {
      await check(() => folderProblem(element));
    }
  }
  return problems;
}

async function portProblem(element: ConfigElement): Promise<ConfigError | undefined> {
  const unixPath = element.get('unix_path');
  if (unixPath !== undefined) {
    const problem = await unwritable(path.dirname(path.resolve(unixPath)));
    return problem === undefined
      ? undefined
      : element.error(`unix_path: ${problem}`, { param: 'unix_path' });
  }
  // Only a number that is written: without one it is the plugin's default, and no privileged one.
  const port = Number(element.get('port'));
  const host = element.get('bind');
  if (!element.params.has('port') && host === undefined) return undefined;
  const server = net.createServer();
  try {
    server.listen({ port: Number.isInteger(port) ? port : 0, host, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return undefined;
    const param = code === 'EACCES' ? 'port' : 'bind';
    return element.error(`cannot listen: ${message}`, {
      param: element.params.has(param) ? param : 'port',
      hint:
        code === 'EACCES'
          ? 'ports below 1024 need the capability CAP_NET_BIND_SERVICE, or another port'
          : 'bind is an address of this machine, or 0.0.0.0 for all',
      cause: error,
    });
  }
}

async function certificateProblem(
  element: ConfigElement,
  log: AgentLog,
): Promise<ConfigError | undefined> {
  const { tlsOptions } = transportOptions(transportSection.read(element));
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

async function folderProblem(element: ConfigElement): Promise<ConfigError | undefined> {
  const written = element.get('path');
  if (written === undefined) return undefined;
  // What stands before the first placeholder is the same for all files.
  const fixed = /^[^%$]*/.exec(written)?.[0] ?? '';
  const whole = fixed === written;
  const folder = fixed.endsWith('/') ? fixed : path.dirname(fixed);
  const problem =
    (await unwritable(path.resolve(folder))) ??
    (whole ? await unwritableFile(path.resolve(written)) : undefined);
  return problem === undefined ? undefined : element.error(`path: ${problem}`, { param: 'path' });
}

/** Why nothing can be made in a folder that is there, or will be. */
async function unwritable(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder`;
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && path.dirname(folder) !== folder) {
      return unwritable(path.dirname(folder)); // it would be made in this one
    }
    if (code === 'ENOTDIR') return unwritable(path.dirname(folder));
    return message;
  }
}

async function unwritableFile(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.W_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : message;
  }
}
