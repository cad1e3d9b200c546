import type { Socket as UdpSocket } from 'node:dgram';
import {
  listenOptions,
  SocketOptionUnsupportedError,
  validateSocketOptions,
  type SocketOptionName,
  type ValidatedSocketOptions,
} from '@sluice/socket-options';
import type { ServerTlsOptions } from '@sluice/tls';
import { ServerArgumentError } from '../errors.js';
import type { ListenTarget } from '../listen/listen.js';
import { checkFlags } from '../udp/udp-flags.js';
import { checkInteger, checkObject, isAbsent, refuse, show } from './check.js';
import {
  callGroups,
  refuseTls,
  transportGroups,
  unknownProtocol,
  type Group,
  type TransportGroups,
} from './groups.js';
import { protocols, type Protocol, type StreamOptions, type UdpOptions } from './options.js';
import { checkTarget } from './target.js';

/** The server helper's own options of any call, before they are checked. */
export type OwnOptions = Omit<StreamOptions, 'socket'> &
  Omit<Partial<UdpOptions>, 'socket'> & { batch?: number | undefined };

/** What can be known at the call, checked. @internal */
export interface CheckedCall {
  readonly title: string;
  readonly protocol: Protocol;
  readonly target: ListenTarget;
  readonly own: OwnOptions;
  readonly socket: ValidatedSocketOptions;
  /** For `createServerContext`, which checks it. */
  readonly tls: ServerTlsOptions;
  /** The caller's own UDP socket. */
  readonly given: UdpSocket | undefined;
}

/**
 * Fluentd's argument checks, and those that JavaScript needs.
 * @param defaults of the helper's `<transport>` section
 * @throws ServerArgumentError or the socket options' own error, which name the option.
 * @internal
 */
export function checkCall(
  title: unknown,
  port: unknown,
  given: unknown,
  defaults: TransportGroups | undefined,
): CheckedCall {
  const wrongTitle = typeof title !== 'string' || title === '';
  refuse(wrongTitle, `title must be a string, not ${show(title)}`, 'title', title);
  const options = checkObject('options', given);
  const transport = transportGroups(options.transport) ?? defaults;
  const protocol = protocolOf(options, transport);
  const groups = callGroups(protocol, options);
  const own = groups.own as OwnOptions;
  const { reuseReadBuffers: reuse } = own;
  const noChoice = !isAbsent(reuse) && typeof reuse !== 'boolean';
  refuse(noChoice, 'reuseReadBuffers must be true or false', 'reuseReadBuffers', reuse);
  const target = checkTarget(protocol, port, own, groups.given !== undefined);
  const socket = checkSocketOptions(protocol, groups.socket, transport);
  target.reusePort = socket.reusePort === true;
  return {
    title: title as string,
    protocol,
    target,
    own,
    socket,
    tls: groups.tls ?? transport?.tls ?? {},
    given: groups.given,
  };
}

function protocolOf(options: Group, transport: TransportGroups | undefined): Protocol {
  const { proto } = options;
  const protocol = (proto ?? transport?.protocol ?? 'tcp') as Protocol;
  if (!protocols.includes(protocol)) throw unknownProtocol('proto', protocol);
  // Nobody who gives a certificate and forgets the protocol wants plain bytes.
  const unsaid = (proto ?? transport?.protocol) === undefined;
  if (unsaid && transport !== undefined) refuseTls(transport, protocol);
  return protocol;
}

function checkSocketOptions(
  protocol: Protocol,
  given: Group,
  transport: TransportGroups | undefined,
): ValidatedSocketOptions {
  const inherited: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(transport?.socket ?? {})) {
    // The section is for all servers of a plugin: what this protocol has not is not for it.
    if (isFor(protocol, name as SocketOptionName, value)) inherited[name] = value;
  }
  const checked = validateSocketOptions(protocol, { ...inherited, ...given });
  try {
    listenOptions(checked);
  } catch (error) {
    if (!(error instanceof SocketOptionUnsupportedError)) throw error;
    throw new ServerArgumentError(error.message, error.option, true);
  }
  return checked;
}

function isFor(protocol: Protocol, name: SocketOptionName, value: unknown): boolean {
  try {
    validateSocketOptions(protocol, { [name]: value });
  } catch (error) {
    const { protocols: available } = error as { protocols?: readonly string[] };
    if (available !== undefined && !available.includes(protocol)) return false;
  }
  return true;
}

/** The rest of what UDP needs. @internal */
export function checkUdp({ own }: CheckedCall): void {
  const { maxBytes, flags, maxQueuedBytes, batch } = own;
  const oversize: string = own.oversize ?? 'truncate';
  refuse(maxBytes === undefined, 'maxBytes must be specified for udp', 'maxBytes', maxBytes);
  for (const [name, value] of Object.entries({ maxBytes, maxQueuedBytes, batch })) {
    checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  const known = oversize === 'truncate' || oversize === 'drop';
  refuse(!known, "oversize must be 'truncate' or 'drop'", 'oversize', oversize);
  checkFlags(flags);
}

/** The callback, and that it does not expect more than it gets. @internal */
export function checkCallback(name: string, callback: unknown, most: number): void {
  const right = typeof callback === 'function';
  refuse(!right, `a callback is required: ${name}`, name, callback);
  const { length } = callback as { length: number };
  refuse(length > most, `${name} gets at most ${most} argument(s), not ${length}`, name, callback);
}
