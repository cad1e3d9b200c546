import { Socket as UdpSocket } from 'node:dgram';
import { activatedDescriptor } from '../listen/activation.js';
import { ServerArgumentError } from '../errors.js';
import { parseBind, type ListenTarget } from '../listen/listen.js';
import { checkOptionNames, socketOptionNames } from './option-table.js';
import type { Protocol, StreamOptions, TransportOptions, UdpOptions } from './options.js';
import { validateSocketOptions, type ValidatedSocketOptions } from '@sluice/socket-options';
import { checkFlags } from '../udp/udp-flags.js';
import { idOf, modeOf } from '../listen/unix-path.js';

const protocols: readonly Protocol[] = ['tcp', 'tls', 'udp', 'unix'];
// sockaddr_un.sun_path, without the zero at the end.
const longestPath = process.platform === 'linux' ? 107 : 103;

/** Any call's options, as they are before they are checked. */
export type AnyOptions = StreamOptions & Partial<UdpOptions> & { batch?: number | undefined };

/** What can be known at the call, checked. @internal */
export interface CheckedCall {
  title: string;
  protocol: Protocol;
  options: AnyOptions;
  transport: TransportOptions | undefined;
  target: ListenTarget;
  socketOptions: ValidatedSocketOptions;
}

function refuse(condition: boolean, message: string, option: string, value: unknown): void {
  if (condition) throw new ServerArgumentError(message, option, value);
}

/**
 * Fluentd's argument checks, and those that JavaScript needs.
 * @throws ServerArgumentError or the socket options' own error, which name the option.
 * @internal
 */
export function checkCall(
  title: unknown,
  port: unknown,
  given: unknown,
  helperTransport: TransportOptions | undefined,
): CheckedCall {
  refuse(typeof title !== 'string' || title === '', 'title must be a string', 'title', title);
  refuse(
    typeof given !== 'object' || given === null || Array.isArray(given),
    'options must be an object',
    'options',
    given,
  );
  const options = given as AnyOptions;
  const transport = options.transport ?? helperTransport;
  const protocol = options.proto ?? transport?.protocol ?? 'tcp';
  refuse(
    !protocols.includes(protocol),
    `unknown protocol ${JSON.stringify(protocol)}`,
    'proto',
    protocol,
  );
  checkOptionNames(protocol, options);
  const target = checkTarget(protocol, port, options);
  return {
    title: title as string,
    protocol,
    options,
    transport,
    target,
    socketOptions: checkSocketOptions(protocol, options, transport, target),
  };
}

function checkTarget(protocol: Protocol, port: unknown, options: AnyOptions): ListenTarget {
  const { shared = true, backlog, fd, activation } = options;
  const booleans = typeof shared !== 'boolean';
  refuse(booleans, 'shared must be true or false', 'shared', shared);
  refuse(wrongInteger(backlog, 1, 0x7fffffff), 'backlog must be at least 1', 'backlog', backlog);
  refuse(wrongInteger(fd, 0, 0x7fffffff), 'fd must be a descriptor', 'fd', fd);
  const descriptor =
    activation === undefined || activation === false ? fd : activatedDescriptor(activation);
  refuse(
    descriptor !== undefined && options.socket !== undefined,
    'a descriptor and a socket cannot both be given',
    'socket',
    options.socket,
  );
  const path =
    protocol === 'unix' && descriptor === undefined ? checkPath(port, options.path) : undefined;
  if (protocol !== 'unix') {
    const wrong = port === undefined || wrongInteger(port, 0, 65535);
    refuse(wrong, 'port must be an integer from 0 to 65535', 'port', port);
  }
  const bind: unknown = options.bind ?? '0.0.0.0';
  refuse(typeof bind !== 'string', 'bind must be an address or a host name', 'bind', bind);
  return {
    port: typeof port === 'number' ? port : 0,
    ...parseBind(bind as string),
    path,
    fd: descriptor,
    backlog,
    exclusive: !shared,
    reusePort: options.reusePort === true,
    mode: modeOf(options.permissions),
    owner: idOf('owner', options.owner),
    group: idOf('group', options.group),
  };
}

function wrongInteger(value: unknown, least: number, most: number): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most;
}

/** The path is an option, or stands where other protocols have the port. */
function checkPath(port: unknown, option: unknown): string {
  const path = option ?? port;
  const wrong = typeof path !== 'string' || path === '' || Buffer.byteLength(path) > longestPath;
  refuse(wrong, `path must be a path of at most ${longestPath} bytes`, 'path', path);
  return path as string;
}

function checkSocketOptions(
  protocol: Protocol,
  options: AnyOptions,
  transport: TransportOptions | undefined,
  target: ListenTarget,
): ValidatedSocketOptions {
  const own: Record<string, unknown> = {};
  for (const name of socketOptionNames) {
    // The transport section is for all servers of a plugin: what this protocol has not is not for it.
    const value = options[name] ?? inherited(protocol, name, transport);
    if (value !== undefined && value !== null) own[name] = value;
  }
  const checked = validateSocketOptions(protocol, own);
  refuse(
    checked.reusePort === true && !reusePortAvailable(),
    `reusePort needs Node 22.12 or 23.1, this is ${process.version}`,
    'reusePort',
    true,
  );
  target.reusePort = checked.reusePort === true;
  return checked;
}

function inherited(
  protocol: Protocol,
  name: (typeof socketOptionNames)[number],
  transport: TransportOptions | undefined,
): unknown {
  const value = transport?.[name];
  if (value === undefined) return undefined;
  try {
    validateSocketOptions(protocol, { [name]: value });
  } catch (error) {
    const { protocols: available } = error as { protocols?: readonly string[] };
    if (available !== undefined && !available.includes(protocol)) return undefined;
  }
  return value;
}

function reusePortAvailable(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

/** The rest of what UDP needs. @internal */
export function checkUdp(options: AnyOptions): void {
  const { maxBytes, flags, socket, maxQueuedBytes, batch } = options;
  const oversize: string = options.oversize ?? 'truncate';
  refuse(maxBytes === undefined, 'maxBytes must be specified for udp', 'maxBytes', maxBytes);
  const message = 'maxBytes must be an integer of at least 1';
  refuse(wrongInteger(maxBytes, 1, Number.MAX_SAFE_INTEGER), message, 'maxBytes', maxBytes);
  const known = oversize === 'truncate' || oversize === 'drop';
  refuse(!known, "oversize must be 'truncate' or 'drop'", 'oversize', oversize);
  checkFlags(flags);
  const isSocket = socket === undefined || socket instanceof UdpSocket;
  refuse(!isSocket, 'socket must be a dgram.Socket', 'socket', socket);
  for (const [name, value] of Object.entries({ maxQueuedBytes, batch })) {
    const wrong = wrongInteger(value, 1, Number.MAX_SAFE_INTEGER);
    refuse(wrong, `${name} must be an integer of at least 1`, name, value);
  }
}

/** The callback, and that it does not expect more than it gets. @internal */
export function checkCallback(name: string, callback: unknown, most: number): void {
  const right = typeof callback === 'function';
  refuse(!right, `a callback is required: ${name}`, name, callback);
  const { length } = callback as { length: number };
  refuse(length > most, `${name} gets at most ${most} argument(s), not ${length}`, name, callback);
}

/** The options of the call's `<transport>` that are TLS's. @internal */
export function tlsPart(transport: TransportOptions | undefined): TransportOptions {
  const rest: Record<string, unknown> = { ...transport };
  delete rest.protocol;
  for (const name of socketOptionNames) Reflect.deleteProperty(rest, name);
  return rest;
}
