import type { Protocol, CommonOptions, StreamOptions } from './options.js';
import { activatedDescriptor } from '../listen/activation.js';
import { parseBind, type ListenTarget } from '../listen/listen.js';
import { idOf, modeOf } from '../listen/unix-path.js';
import { checkInteger, isAbsent, refuse, show } from './check.js';

// sockaddr_un.sun_path, without the zero at the end.
const longestPath = process.platform === 'linux' ? 107 : 103;
const largestInt = 0x7fffffff;

/** Checks where a server is to listen. @throws ServerArgumentError @internal */
export function checkTarget(
  protocol: Protocol,
  port: unknown,
  options: CommonOptions & StreamOptions,
  hasSocket: boolean,
): ListenTarget {
  const { shared = true, backlog, fd, activation } = options;
  refuse(typeof shared !== 'boolean', 'shared must be true or false', 'shared', shared);
  checkInteger('backlog', backlog, 1, largestInt);
  checkInteger('fd', fd, 0, largestInt);
  const activated = !isAbsent(activation) && activation !== false;
  const descriptor = activated ? activatedDescriptor(activation) : (fd ?? undefined);
  const both = descriptor !== undefined && hasSocket;
  refuse(both, 'a descriptor and a socket cannot both be given', 'socket', descriptor);
  const path =
    protocol === 'unix' && descriptor === undefined ? checkPath(port, options.path) : undefined;
  if (protocol !== 'unix') {
    refuse(
      isAbsent(port),
      `port must be an integer from 0 to 65535, not ${show(port)}`,
      'port',
      port,
    );
    checkInteger('port', port, 0, 65_535);
  }
  const bind: unknown = options.bind ?? '0.0.0.0';
  const text = `bind must be an address or a host name, not ${show(bind)}`;
  refuse(typeof bind !== 'string', text, 'bind', bind);
  return {
    port: typeof port === 'number' ? port : 0,
    ...parseBind(bind as string),
    path,
    fd: descriptor,
    backlog: backlog ?? undefined,
    exclusive: !shared,
    reusePort: false,
    mode: modeOf(options.permissions),
    owner: idOf('owner', options.owner),
    group: idOf('group', options.group),
  };
}

/** The path is an option, or stands where other protocols have the port. */
function checkPath(port: unknown, option: unknown): string {
  const path = option ?? port;
  const wrong = typeof path !== 'string' || path === '' || Buffer.byteLength(path) > longestPath;
  refuse(
    wrong,
    `path must be a path of at most ${longestPath} bytes, not ${show(path)}`,
    'path',
    path,
  );
  return path as string;
}
