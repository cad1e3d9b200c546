import { ServerArgumentError } from '../errors.js';
import type { Protocol } from './options.js';

const all: readonly Protocol[] = ['tcp', 'tls', 'udp', 'unix'];
const streams: readonly Protocol[] = ['tcp', 'tls', 'unix'];
const network: readonly Protocol[] = ['tcp', 'tls', 'udp'];
const tcp: readonly Protocol[] = ['tcp', 'tls'];
const udp: readonly Protocol[] = ['udp'];
const unix: readonly Protocol[] = ['unix'];

/** Every option of `create` and the protocols that it is for. */
const protocolsOf: Readonly<Record<string, readonly Protocol[]>> = {
  proto: all,
  shared: all,
  fd: all,
  activation: all,
  transport: all,
  bind: network,
  backlog: streams,
  tlsOptions: ['tls'],
  maxConnections: streams,
  maxConnectionsPerAddress: tcp,
  handshakeTimeout: tcp,
  idleTimeout: streams,
  firstByteTimeout: streams,
  closeTimeout: streams,
  maxWriteBuffer: streams,
  allowedNetworks: tcp,
  proxyProtocolFrom: tcp,
  path: unix,
  permissions: unix,
  owner: unix,
  group: unix,
  maxBytes: udp,
  oversize: udp,
  flags: udp,
  socket: udp,
  maxQueuedBytes: udp,
  batch: udp,
};

/** The socket options; which protocols they are for is known to `@sluice/socket-options`. */
export const socketOptionNames = [
  'resolveName',
  'connect',
  'nonblock',
  'lingerTimeout',
  'recvTimeout',
  'sendTimeout',
  'sendKeepalivePacket',
  'receiveBufferSize',
  'sendBufferSize',
  'keepaliveIdle',
  'keepaliveInterval',
  'keepaliveCount',
  'userTimeout',
  'noDelay',
  'reusePort',
] as const;

const socketOptions: ReadonlySet<string> = new Set(socketOptionNames);

/** True for an option that says nothing: absent, or the flags' zero. */
function unset(name: string, value: unknown): boolean {
  return value === undefined || value === null || (name === 'flags' && value === 0);
}

/**
 * Throws for an unknown option, and for one that this protocol does not have.
 * @throws ServerArgumentError
 * @internal
 */
export function checkOptionNames(protocol: Protocol, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (socketOptions.has(name)) continue;
    const protocols = Object.hasOwn(protocolsOf, name) ? protocolsOf[name] : undefined;
    if (protocols === undefined) {
      throw new ServerArgumentError(`unknown option ${name}${suggestion(name)}`, name, value);
    }
    if (protocols.includes(protocol) || unset(name, value)) continue;
    const list = protocols.join('/');
    throw new ServerArgumentError(
      `${name} is available only for ${list}, not for ${protocol}`,
      name,
      value,
      protocols,
    );
  }
}

/** `linger_timeout` and `lingertimeout` are `lingerTimeout`. */
function suggestion(name: string): string {
  const plain = (text: string): string => text.replaceAll('_', '').toLowerCase();
  const known = [...Object.keys(protocolsOf), ...socketOptionNames];
  const meant = known.find((candidate) => plain(candidate) === plain(name));
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}
