import { SocketOptionError } from './errors.js';
import type {
  SocketOptionName,
  SocketOptions,
  SocketProtocol,
  ValidatedSocketOptions,
} from './options.js';

type Check = (value: unknown) => string | undefined;

interface Rule {
  readonly protocols: readonly SocketProtocol[];
  readonly check: Check;
}

const STREAM: readonly SocketProtocol[] = ['tcp', 'tls'];
const INTERNET: readonly SocketProtocol[] = ['tcp', 'tls', 'udp'];
const ALL: readonly SocketProtocol[] = ['tcp', 'tls', 'udp', 'unix'];

/** The longest delay of a timer of Node, in whole seconds; a longer one would fire at once. */
const LONGEST_TIMER = 2_147_483;
/** Linux keeps the double of a buffer's size in an int. */
const LARGEST_BUFFER = 1_073_741_823;
const LARGEST_INT_MS = 2_147_483_647;

const boolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'must be true or false';

function number(least: number, most: number, unit: string, whole: boolean): Check {
  const wanted = `must be ${whole ? 'a whole number' : 'a number'} of ${unit} from ${least} to ${most}`;
  return (value) =>
    typeof value === 'number' &&
    value >= least &&
    value <= most &&
    (!whole || Number.isInteger(value))
      ? undefined
      : wanted;
}

const nonblock: Check = (value) =>
  value === false
    ? 'cannot be false: Node reads and writes from an event loop, where a socket that blocks would stall every other one'
    : boolean(value);

const peer: Check = (value) => {
  if (typeof value !== 'object' || value === null) return 'must be { address, port }';
  const { address, port, ...rest } = value as Record<string, unknown>;
  const others = Object.keys(rest);
  if (others.length > 0) return `must be { address, port }, without ${others.join(', ')}`;
  if (typeof address !== 'string' || address === '') return 'address must be a string';
  return number(1, 65_535, 'port', true)(port) && 'port must be a whole number from 1 to 65535';
};

const timeout = number(0, LONGEST_TIMER, 'seconds', false);

/** What is wrong with a number of seconds, if anything. @internal */
export const timeoutProblem = (value: unknown): string | undefined => {
  const problem = timeout(value);
  return problem === undefined ? undefined : `${problem}, not ${show(value)}`;
};

const bufferSize = number(1, LARGEST_BUFFER, 'bytes', true);
const keepaliveTime = number(1, 32_767, 'seconds', true);

const rules: Readonly<Record<SocketOptionName, Rule>> = {
  resolveName: { protocols: INTERNET, check: boolean },
  connect: { protocols: ['udp'], check: peer },
  nonblock: { protocols: ALL, check: nonblock },
  lingerTimeout: { protocols: STREAM, check: timeout },
  recvTimeout: { protocols: ALL, check: timeout },
  sendTimeout: { protocols: ALL, check: timeout },
  sendKeepalivePacket: { protocols: STREAM, check: boolean },
  receiveBufferSize: { protocols: ALL, check: bufferSize },
  sendBufferSize: { protocols: ALL, check: bufferSize },
  keepaliveIdle: { protocols: STREAM, check: keepaliveTime },
  keepaliveInterval: { protocols: STREAM, check: keepaliveTime },
  keepaliveCount: { protocols: STREAM, check: number(1, 127, 'probes', true) },
  userTimeout: {
    protocols: STREAM,
    check: number(0, LARGEST_INT_MS / 1000, 'seconds', false),
  },
  noDelay: { protocols: STREAM, check: boolean },
  reusePort: { protocols: INTERNET, check: boolean },
};

/** The names of all options of {@link SocketOptions}. */
export const socketOptionNames: readonly SocketOptionName[] = Object.freeze(
  Object.keys(rules) as SocketOptionName[],
);

const checked = new WeakSet<object>();

/** True for what {@link validateSocketOptions} has returned. @internal */
export function isValidated(options: SocketOptions): options is ValidatedSocketOptions {
  return checked.has(options);
}

/**
 * Checks options for a protocol and returns a frozen copy without the absent ones. A keepalive
 * time or count turns `sendKeepalivePacket` on where that is not given.
 *
 * @throws {@link SocketOptionError} that names the option, its value and the protocols that it is
 *   for: unknown names, wrong types, values out of the kernel's range, options of other protocols
 */
export function validateSocketOptions(
  protocol: SocketProtocol,
  options: SocketOptions,
): ValidatedSocketOptions {
  if (!ALL.includes(protocol)) {
    throw new SocketOptionError(`must be one of ${ALL.join(', ')}`, 'protocol', protocol, ALL);
  }
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
    throw new SocketOptionError('must be an object', 'options', options);
  }
  const result: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    if (!Object.hasOwn(rules, option)) {
      throw new SocketOptionError('unknown socket option', option, value);
    }
    const { protocols, check } = rules[option as SocketOptionName];
    if (!protocols.includes(protocol)) {
      const message = `is for ${protocols.join(', ')}, not for ${protocol}`;
      throw new SocketOptionError(message, option, value, protocols);
    }
    const problem = check(value);
    if (problem !== undefined) {
      throw new SocketOptionError(`${problem}, not ${show(value)}`, option, value, protocols);
    }
    result[option] = typeof value === 'object' ? Object.freeze({ ...value }) : value;
  }
  if (
    result.sendKeepalivePacket === undefined &&
    (result.keepaliveIdle ?? result.keepaliveInterval ?? result.keepaliveCount) !== undefined
  ) {
    result.sendKeepalivePacket = true;
  }
  Object.freeze(result);
  checked.add(result);
  return result;
}

function show(value: unknown): string {
  try {
    // `undefined` for a function or a symbol, whatever its type says.
    const text = JSON.stringify(value) as string | undefined;
    return typeof value === 'number' || text === undefined ? String(value) : text;
  } catch {
    return String(value); // a bigint, or a cycle
  }
}
