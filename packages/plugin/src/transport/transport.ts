import {
  ConfigErrors,
  defineSection,
  snakeCase,
  t,
  type CheckContext,
  type Section,
  type SectionOf,
} from '@sluice/config';
import type { Protocol, StreamOptions, UdpOptions } from '@sluice/server';
import type { ServerTlsOptions } from '@sluice/tls';
import { certificateSection, tlsParams } from './tls-params.js';

/** The most bytes that a UDP datagram can hold. */
const largestDatagram = 65_535;

/** The parameters beside those of TLS. */
const socketParams = {
  lingerTimeout: t
    .time()
    .default(0)
    .describe('Time that closing waits for unsent data, in seconds; 0 resets the connection (RST)'),
  receiveBufferSize: t
    .size({ min: 1 })
    .optional()
    .describe("Size of the kernel's receive buffer, SO_RCVBUF (default: the system's)"),
  maxBytes: t
    .size({ min: 1, max: largestDatagram })
    .default(largestDatagram)
    .describe('Largest datagram in bytes'),
  oversize: t
    .enum(['truncate', 'drop'])
    .default('truncate')
    .describe('What happens to a larger datagram'),
  maxQueuedBytes: t
    .size({ min: 1 })
    .default(4 * 1024 * 1024)
    .describe('Bytes of datagrams that wait while the plugin is busy; more are dropped'),
  path: t.string().optional().describe('Path of the Unix socket'),
  permissions: t
    .string()
    .optional()
    .describe('Mode of the Unix socket, in octal: 0660 (default: by umask)'),
  owner: t.string().optional().describe("Owner of the Unix socket (default: the process's)"),
  group: t.string().optional().describe("Group of the Unix socket (default: the process's)"),
};

/** The protocols that each parameter is for; TLS parameters are for `tls`. */
const protocolsOf: Readonly<Record<keyof typeof socketParams, readonly Protocol[]>> = {
  lingerTimeout: ['tcp', 'tls'],
  receiveBufferSize: ['tcp', 'tls', 'udp', 'unix'],
  maxBytes: ['udp'],
  oversize: ['udp'],
  maxQueuedBytes: ['udp'],
  path: ['unix'],
  permissions: ['unix'],
  owner: ['unix'],
  group: ['unix'],
};

function define<const P extends Protocol>(protocols: readonly [P, ...P[]]) {
  const supported: readonly Protocol[] = protocols;
  const params = { ...socketParams, ...tlsParams };
  return defineSection({
    name: 'transport',
    description: `How bytes come in: ${protocols.join(', ')}, and the options of each.`,
    // A protection that is spelled wrong must not be missing in silence.
    unknown: 'error',
    argument: {
      protocol: t
        .enum(protocols)
        .default(protocols[0] as Exclude<P, undefined>)
        .describe(protocols.join(', ')),
    },
    // What none of the protocols has is unknown to the section.
    params: Object.fromEntries(
      Object.entries(params).filter(([key]) =>
        protocolsFor(key).some((protocol) => supported.includes(protocol)),
      ),
    ) as typeof params,
    sections: { certificates: { section: certificateSection, multiple: true } },
    check: (value, context) => checkProtocol(value.protocol, params, context),
  });
}

/** Every parameter and section that is written has to be for the protocol. */
function checkProtocol(
  protocol: Protocol,
  params: Readonly<Record<string, unknown>>,
  { element, error }: CheckContext,
): void {
  const wrong = Object.keys(params)
    .filter((key) => element.params.has(snakeCase(key)))
    .map((key) => [key, protocolsFor(key)] as const)
    .filter(([, protocols]) => !protocols.includes(protocol))
    .map(([key, protocols]) =>
      error(
        key,
        `${snakeCase(key)} is not for ${protocol}: it is for ${protocols.join(', ')}`,
        `write <transport ${protocols[0]}>, or remove it`,
      ),
    );
  const certificate = protocol === 'tls' ? undefined : element.children('certificate').at(0);
  if (certificate !== undefined) {
    const hint = 'write <transport tls>, or remove it';
    wrong.push(certificate.error(`<certificate> is not for ${protocol}: it is for tls`, { hint }));
  }
  if (protocol === 'unix' && !element.params.has('path')) {
    wrong.push(error(undefined, 'path is required in <transport unix>', 'add path /run/NAME.sock'));
  }
  if (wrong.length > 0) throw wrong.length === 1 ? wrong[0] : new ConfigErrors(wrong);
}

function protocolsFor(key: string): readonly Protocol[] {
  return Object.hasOwn(protocolsOf, key) ? protocolsOf[key as keyof typeof protocolsOf] : ['tls'];
}

/**
 * The `<transport tcp>` and `<transport tls>` section, with the parameters of Fluentd and those of
 * the server helper's document. A plugin names it among its sections:
 * `sections: { transport: { section: transportSection, init: true } }`.
 *
 * Unknown parameters, and those of another protocol (`cert_path` in `<transport tcp>`), are errors.
 */
export const transportSection: Section<Transport> = transportSectionOf('tcp', 'tls');

type AnyTransport = SectionOf<ReturnType<typeof define<Protocol>>>;

/** What a `<transport>` section is read into. */
// An interface keeps its name in the declarations of the packages that use it.
export interface Transport<P extends Protocol = 'tcp' | 'tls'> extends Omit<
  AnyTransport,
  'protocol'
> {
  /** The argument of the section, or the first of those that it may have. */
  readonly protocol: P;
}

/**
 * The section for other protocols: `transportSectionOf('udp', 'unix')`. Where the file names none,
 * the first one is meant.
 */
export function transportSectionOf<const P extends Protocol>(
  ...protocols: [P, ...P[]]
): Section<Transport<P>> {
  return define(protocols);
}

/** Options for `servers.create` and `servers.createConnection`: TCP, TLS, Unix. */
export type StreamTransportOptions = Pick<
  StreamOptions,
  'lingerTimeout' | 'receiveBufferSize' | 'path' | 'permissions' | 'owner' | 'group'
> & {
  /** Fluentd: `proto:`. */
  proto: Exclude<Protocol, 'udp'>;
  /** For `tls` only. Fluentd: `tls_options:`. */
  tlsOptions?: ServerTlsOptions;
};

/** Options for `servers.create`: UDP. */
export type UdpTransportOptions = Pick<
  UdpOptions,
  'maxBytes' | 'oversize' | 'maxQueuedBytes' | 'receiveBufferSize'
> & {
  /** Fluentd: `proto:`. */
  proto: 'udp';
};

/** The options for `servers.create` and `servers.createConnection` that the section stands for. */
export function transportOptions(
  transport: Transport<Exclude<Protocol, 'udp'>>,
): StreamTransportOptions;
export function transportOptions(
  transport: Transport<Protocol>,
): StreamTransportOptions | UdpTransportOptions;
export function transportOptions(
  transport: Transport<Protocol>,
): StreamTransportOptions | UdpTransportOptions {
  const { protocol, lingerTimeout, receiveBufferSize, ...rest } = transport;
  const { maxBytes, oversize, maxQueuedBytes, path, permissions, owner, group, ...tlsOptions } =
    rest;
  const size = receiveBufferSize === undefined ? {} : { receiveBufferSize };
  if (protocol === 'udp') return { proto: protocol, maxBytes, oversize, maxQueuedBytes, ...size };
  if (protocol === 'unix') return { proto: protocol, path, permissions, owner, group, ...size };
  if (protocol === 'tls') return { proto: protocol, lingerTimeout, ...size, tlsOptions };
  return { proto: 'tcp', lingerTimeout, ...size };
}
