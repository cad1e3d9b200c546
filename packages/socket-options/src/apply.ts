import dgram from 'node:dgram';
import net from 'node:net';
import { applyNative, needsKernel } from './apply-native.js';
import { applyPlain } from './apply-plain.js';
import { connectDatagram } from './datagram.js';
import { descriptorOf, handleOf, protocolOf, type SocketTarget } from './descriptor.js';
import { SocketClosedError, SocketOptionError } from './errors.js';
import { newDraft, type Draft, type SocketOptionReport } from './draft.js';
import { native, type Native } from './native.js';
import type { SocketOptionName, SocketOptions, ValidatedSocketOptions } from './options.js';
import { watchTimeouts, type TimeoutListener } from './timeouts.js';
import { isValidated, validateSocketOptions } from './validate.js';

/** What is done beside setting the options. */
export interface ApplyOptions {
  /** Gets one line for each unsupported option, once in the life of the process. */
  log?:
    | {
        /** Logs one warning. */
        warn(fields: object, message: string): void;
      }
    | undefined;
  /**
   * Keeps `recvTimeout` and `sendTimeout` with {@link watchTimeouts}, on a socket or on all that a
   * listener will accept: called with the reason and the socket, which the caller closes, or
   * `'close'`: reset the connection, with a {@link SocketTimeoutError} as the socket's error.
   *
   * @defaultValue absent: the kernel's values are set, and the caller watches
   */
  onTimeout?: TimeoutListener | 'close' | undefined;
}

/**
 * Sets options on a listener, so that all sockets that it accepts from now on inherit them without
 * a call of their own, or on one socket.
 *
 * An option that cannot be had here is in the report, and the others are set all the same.
 * `connect` is under way when this returns: the socket emits `connect`, or `error`.
 *
 * @param target a listening `net.Server` or `tls.Server`, a connected `net.Socket` or
 *   `tls.TLSSocket`, or a bound `dgram.Socket` (for `connect` alone it need not be bound)
 * @param options as they come, or what {@link validateSocketOptions} has returned
 * @throws {@link SocketOptionError} for options that are wrong for this socket
 * @throws {@link SocketClosedError} for a socket that is closed, or not open yet
 * @throws {@link SocketOptionSystemError} where the kernel refuses a value
 */
export function applySocketOptions(
  target: SocketTarget,
  options: SocketOptions,
  { log, onTimeout }: ApplyOptions = {},
): SocketOptionReport {
  requireTarget(target);
  const valid = isValidated(options) ? options : validateSocketOptions(protocolOf(target), options);
  const draft = newDraft();
  if (valid.resolveName !== undefined) draft.set.resolveName = valid.resolveName;
  if (valid.connect !== undefined) connect(target, valid, draft);
  if (needsKernel(valid)) applyToKernel(target, valid, draft);
  if (onTimeout !== undefined) keepTimeouts(target, valid, onTimeout);
  if (log !== undefined) warnOnce(draft, log);
  return draft;
}

function applyToKernel(target: SocketTarget, options: ValidatedSocketOptions, draft: Draft): void {
  if (handleOf(target) === undefined) throw new SocketClosedError(firstOption(options));
  const backend = native();
  if (typeof backend === 'string') {
    applyPlain(target, options, draft, backend);
    if (target instanceof net.Server && draft.perConnection.length > 0) {
      applyToEach(target, options, undefined);
    }
    return;
  }
  const fd = descriptorOf(target);
  if (typeof fd === 'number') {
    applyNative(backend, fd, options, draft);
  } else if (fd === 'hidden' && target instanceof net.Server) {
    for (const option of Object.keys(options) as SocketOptionName[]) {
      if (option === 'resolveName') continue;
      if (option === 'reusePort') {
        draft.unsupported.push({ option, reason: 'the listener is in another process' });
        continue;
      }
      draft.set[option] = options[option];
      draft.perConnection.push(option);
    }
    applyToEach(target, options, backend);
  } else if (fd === 'hidden') {
    applyPlain(target, options, draft, 'the descriptor is not in this process');
  } else {
    throw new SocketClosedError(firstOption(options));
  }
}

interface PerConnection {
  options: ValidatedSocketOptions;
  backend: Native | undefined;
}
const perConnection = new WeakMap<net.Server, PerConnection>();

/** A second call for the same listener replaces the first. */
function applyToEach(
  server: net.Server,
  options: ValidatedSocketOptions,
  backend: Native | undefined,
): void {
  const known = perConnection.get(server);
  if (known !== undefined) {
    known.options = { ...known.options, ...options };
    known.backend = backend;
    return;
  }
  const state: PerConnection = { options, backend };
  perConnection.set(server, state);
  server.prependListener('connection', (socket: net.Socket) => {
    const draft = newDraft();
    try {
      const fd = descriptorOf(socket);
      if (state.backend === undefined) applyPlain(socket, state.options, draft, '');
      else if (typeof fd === 'number') applyNative(state.backend, fd, state.options, draft, false);
    } catch (error) {
      socket.destroy(error as Error); // the kernel refused: not to be served as if it had not
    }
  });
}

interface Watched {
  options: ValidatedSocketOptions;
  onTimeout: TimeoutListener | undefined;
}
const watched = new WeakMap<net.Server, Watched>();

function keepTimeouts(
  target: SocketTarget,
  options: ValidatedSocketOptions,
  onTimeout: TimeoutListener | 'close',
): void {
  const listener = onTimeout === 'close' ? undefined : onTimeout;
  if (target instanceof net.Socket) {
    watchTimeouts(target, options, listener);
  } else if (target instanceof net.Server) {
    const known = watched.get(target);
    if (known !== undefined) {
      known.options = options;
      known.onTimeout = listener;
      return;
    }
    const state: Watched = { options, onTimeout: listener };
    watched.set(target, state);
    target.on('connection', (socket: net.Socket) => {
      watchTimeouts(socket, state.options, state.onTimeout);
    });
  }
}

function connect(target: SocketTarget, options: ValidatedSocketOptions, draft: Draft): void {
  const peer = options.connect!;
  if (!(target instanceof dgram.Socket)) {
    throw new SocketOptionError('is for udp sockets', 'connect', peer, ['udp']);
  }
  connectDatagram(target, peer);
  draft.set.connect = peer;
}

const warned = new Set<SocketOptionName>();

function warnOnce(draft: Draft, log: NonNullable<ApplyOptions['log']>): void {
  for (const { option, reason } of draft.unsupported) {
    if (warned.has(option)) continue;
    warned.add(option);
    log.warn({ option, reason }, `socket option ${option} is not supported here: ${reason}`);
  }
}

function firstOption(options: ValidatedSocketOptions): string {
  return Object.keys(options).find((option) => option !== 'resolveName') ?? 'socket options';
}

function requireTarget(target: unknown): asserts target is SocketTarget {
  if (
    target instanceof net.Socket ||
    target instanceof net.Server ||
    target instanceof dgram.Socket
  ) {
    return;
  }
  throw new SocketOptionError('must be a net.Server, net.Socket or dgram.Socket', 'target', target);
}
