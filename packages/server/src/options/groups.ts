import { Socket as UdpSocket } from 'node:dgram';
import { socketOptionNames } from '@sluice/socket-options';
import { serverTlsOptions } from '@sluice/tls';
import { ServerArgumentError } from '../errors.js';
import { checkObject, isAbsent, show } from './check.js';
import { suggestion } from './nearest.js';
import { protocols, type Protocol } from './options.js';

const all = protocols;
const streams: readonly Protocol[] = ['tcp', 'tls', 'unix'];
const internet: readonly Protocol[] = ['tcp', 'tls', 'udp'];
const tcp: readonly Protocol[] = ['tcp', 'tls'];
const udp: readonly Protocol[] = ['udp'];
const unix: readonly Protocol[] = ['unix'];

/** Every option of `create` but the socket options, and the protocols that it is for. */
const protocolsOf: Readonly<Record<string, readonly Protocol[]>> = {
  proto: all,
  shared: all,
  fd: all,
  activation: all,
  transport: all,
  bind: internet,
  backlog: streams,
  tls: ['tls'],
  tlsOptions: ['tls'],
  maxConnections: streams,
  maxConnectionsPerAddress: tcp,
  handshakeTimeout: tcp,
  idleTimeout: streams,
  firstByteTimeout: streams,
  closeTimeout: streams,
  maxWriteBuffer: streams,
  reuseReadBuffers: streams,
  allowedNetworks: tcp,
  proxyProtocolFrom: tcp,
  path: unix,
  permissions: unix,
  owner: unix,
  group: unix,
  maxBytes: udp,
  oversize: udp,
  flags: udp,
  socket: all,
  maxQueuedBytes: udp,
  batch: udp,
};

const socketNames: ReadonlySet<string> = new Set(socketOptionNames);
const tlsNames: ReadonlySet<string> = new Set(Object.keys(serverTlsOptions));

/** A group of options that is checked elsewhere. @internal */
export type Group = Readonly<Record<string, unknown>>;

/** The options of one call, sorted. @internal */
export interface CallGroups {
  /** What is the server helper's own: no socket options, no TLS options. */
  readonly own: Group;
  readonly socket: Group;
  readonly tls: Group | undefined;
  /** The caller's own UDP socket. */
  readonly given: UdpSocket | undefined;
}

/** What a `<transport>` section says, sorted. @internal */
export interface TransportGroups {
  readonly protocol: Protocol | undefined;
  readonly socket: Group;
  readonly tls: Group;
}

/**
 * Sorts the options of a call, which may be nested (`tls: {…}`, `socket: {…}`) or flat as in
 * Fluentd's document.
 * @throws ServerArgumentError for unknown options, those of other protocols, and duplicates
 * @internal
 */
export function callGroups(protocol: Protocol, options: Group): CallGroups {
  const own: Record<string, unknown> = {};
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (socketNames.has(name)) flat[name] = value;
    else {
      checkName(protocol, name, value);
      if (!isAbsent(value)) own[name] = value;
    }
  }
  const { socket: group, tls, tlsOptions, ...rest } = own;
  if (!isAbsent(tls) && !isAbsent(tlsOptions)) {
    throw duplicate('tls', 'tlsOptions is another name for it', tls);
  }
  const ownTls = tls ?? tlsOptions;
  const given = group instanceof UdpSocket ? group : undefined;
  return {
    own: rest,
    socket: merge('socket', flat, given === undefined ? group : undefined, socketNames),
    tls: isAbsent(ownTls) ? undefined : merge('tls', {}, ownTls, tlsNames),
    given,
  };
}

/**
 * Sorts the options of a `<transport>` section.
 * @throws ServerArgumentError for unknown options, TLS options beside another protocol, duplicates
 * @internal
 */
export function transportGroups(transport: unknown): TransportGroups | undefined {
  if (isAbsent(transport)) return undefined;
  const flatSocket: Record<string, unknown> = {};
  const flatTls: Record<string, unknown> = {};
  const { protocol, socket, tls, ...flat } = checkObject('transport', transport);
  if (!isAbsent(protocol) && !protocols.includes(protocol as Protocol)) {
    throw unknownProtocol('transport.protocol', protocol);
  }
  for (const [name, value] of Object.entries(flat)) {
    if (socketNames.has(name)) flatSocket[name] = value;
    else if (tlsNames.has(name)) flatTls[name] = value;
    else {
      const known = ['protocol', 'socket', 'tls', ...socketNames, ...tlsNames];
      throw unknown(`transport.${name}`, suggestion(name, known), value);
    }
  }
  const groups: TransportGroups = {
    protocol: (protocol ?? undefined) as Protocol | undefined,
    socket: merge('transport.socket', flatSocket, socket, socketNames),
    tls: merge('transport.tls', flatTls, tls, tlsNames),
  };
  if (groups.protocol !== undefined && groups.protocol !== 'tls')
    refuseTls(groups, groups.protocol);
  return groups;
}

/** Throws where plain bytes would be served in spite of TLS options. @internal */
export function refuseTls({ tls }: TransportGroups, protocol: Protocol): void {
  const name = Object.keys(tls).at(0);
  if (name === undefined) return;
  const message = `transport.${name} is available only for tls, not for ${protocol}`;
  throw new ServerArgumentError(message, `transport.${name}`, tls[name], ['tls']);
}

/** @internal */
export function unknownProtocol(option: string, value: unknown): ServerArgumentError {
  const message = `${option} must be one of ${protocols.join(', ')}, not ${show(value)}`;
  return new ServerArgumentError(message, option, value);
}

function checkName(protocol: Protocol, name: string, value: unknown): void {
  if (!Object.hasOwn(protocolsOf, name)) {
    const known = [...Object.keys(protocolsOf), ...socketNames];
    throw unknown(name, suggestion(name, known), value);
  }
  // A socket of the caller is for UDP; a group of socket options is for all.
  const available = name === 'socket' && value instanceof UdpSocket ? udp : protocolsOf[name];
  const says = !isAbsent(value) && !(name === 'flags' && value === 0);
  if (available.includes(protocol) || !says) return;
  const message = `${name} is available only for ${available.join('/')}, not for ${protocol}`;
  throw new ServerArgumentError(message, name, value, available);
}

/** The flat options of a group and the nested ones, without absent ones. */
function merge(
  name: string,
  flat: Group,
  nested: unknown,
  names: ReadonlySet<string>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(flat)) if (!isAbsent(value)) result[option] = value;
  if (isAbsent(nested)) return result;
  for (const [option, value] of Object.entries(checkObject(name, nested))) {
    const full = `${name}.${option}`;
    if (!names.has(option)) throw unknown(full, suggestion(option, [...names]), value);
    if (isAbsent(value)) continue;
    if (option in result) throw duplicate(full, `${option} is there without the group, too`, value);
    result[option] = value;
  }
  return result;
}

function unknown(option: string, hint: string, value: unknown): ServerArgumentError {
  return new ServerArgumentError(`unknown option ${option}${hint}`, option, value);
}

function duplicate(option: string, why: string, value: unknown): ServerArgumentError {
  return new ServerArgumentError(`duplicate ${option}: ${why}`, option, value);
}
