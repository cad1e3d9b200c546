import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { descriptorOf, isPipe } from './descriptor.js';
import { native, nativeIfLoaded, type Native } from './native.js';

const RESET = { on: true, seconds: 0 };
const OFF = { on: false, seconds: 0 };
/** Milliseconds between two looks at whether the peer has taken everything; the double each time. */
const FIRST_LOOK = 4;
const LONGEST_LOOK = 256;
/** Milliseconds that resetting what is overdue may hold the event loop. */
const SLICE = 3;

/**
 * Closes a connection as SO_LINGER would, without ever stalling the process. Fluentd's
 * `linger_timeout`.
 *
 * - 0: resets it at once (the peer sees RST); what is unsent is dropped.
 * - n > 0: sends what is waiting and a FIN, and gives the peer up to n seconds to take it all; a
 *   peer that has not by then is reset. Done as soon as its kernel has acknowledged the FIN
 *   (native backend, once {@link applySocketOptions} or {@link selectBackend} has loaded it), or
 *   when it has closed its side too. What the peer sends meanwhile is read: drop it.
 *
 * A socket that is closed already is left alone. A Unix socket has no RST: for 0, and when the time
 * is up, it is destroyed. The socket emits `close` at the end, as ever.
 *
 * @param socket the connection; for TLS the `TLSSocket`
 * @param lingerSeconds 0 to 2147483, fractions allowed
 * @param raw the accepted socket under a `TLSSocket`; found by itself for one that a `tls.Server`
 *   has accepted
 */
export function closeWithLinger(socket: Socket, lingerSeconds: number, raw?: Socket): void {
  const transport = raw ?? transportOf(socket);
  if (socket.destroyed) {
    if (!transport.destroyed) reset(transport, transport);
  } else if (lingerSeconds > 0 && !socket.connecting && !transport.destroyed) {
    linger(socket, transport, lingerSeconds);
  } else {
    reset(socket, transport);
  }
}

/**
 * Takes SO_LINGER off a socket that has inherited it from a listener with `lingerTimeout` 0, so
 * that `end()` delivers what was written before it. Without this, the close that follows a FIN in
 * both directions can drop bytes on their way. One system call; none where the native backend is
 * not loaded, because then nothing has been inherited.
 */
export function clearLinger(socket: Socket): void {
  setLinger(nativeIfLoaded(), socket, OFF);
}

const lingering = new WeakSet<Socket>();

function linger(socket: Socket, transport: Socket, seconds: number): void {
  if (lingering.has(socket)) return; // asked for twice: the first time counts
  lingering.add(socket);
  const deadline = performance.now() + seconds * 1000;
  let delay = FIRST_LOOK;
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const backend = nativeIfLoaded();
    const taken = socket.writableFinished && isTaken(backend, transport);
    const left = deadline - performance.now();
    if (taken === true) {
      destroyBoth(socket, transport);
    } else if (left <= 0) {
      overdue.push([socket, transport]);
      if (overdue.length === 1) setImmediate(resetOverdue);
    } else {
      // Without the kernel's word there is nothing to look at before the time is up.
      const wait = backend === undefined ? left : Math.min(delay, left);
      delay = Math.min(delay * 2, LONGEST_LOOK);
      timer = setTimeout(look, Math.ceil(wait)).unref(); // the socket itself holds the process
    }
  };

  ignoreErrors(socket, transport);
  socket.once('close', () => {
    clearTimeout(timer);
    transport.destroy();
  });
  clearLinger(transport);
  socket.end();
  socket.resume();
  look();
}

/** Connections whose time is up. */
const overdue: [socket: Socket, transport: Socket][] = [];

/**
 * Resets what is overdue, a slice in each turn of the event loop: a server that shuts down has all
 * of its peers here at once, and freeing what waits for one under TLS takes a millisecond or more.
 */
function resetOverdue(): void {
  const end = performance.now() + SLICE;
  let done = 0;
  do {
    const [socket, transport] = overdue[done];
    done += 1;
    reset(socket, transport);
  } while (done < overdue.length && performance.now() < end);
  overdue.splice(0, done);
  if (overdue.length > 0) setImmediate(resetOverdue);
}

/** A peer that goes away while we close must not crash the process; other listeners hear of it. */
function ignoreErrors(...sockets: Socket[]): void {
  for (const socket of new Set(sockets)) socket.on('error', ignore);
}
function ignore(): void {
  // See above.
}

/** Sends RST and destroys; FIN where there is no RST. */
function reset(socket: Socket, transport: Socket, tries = 2): void {
  if (transport.destroyed) {
    // Not at once: to destroy a TLSSocket in the same turn in which the socket under it was reset
    // ends the process with SIGSEGV (Node 20 to 26).
    if (!socket.destroyed) setImmediate(() => socket.destroy());
  } else if (transport.connecting || isPipe(transport)) {
    destroyBoth(socket, transport);
  } else if (isShuttingDown(socket) || isShuttingDown(transport)) {
    // libuv refuses to reset while its shutdown is under way (EINVAL), and Node would then leave
    // the descriptor open.
    if (setLinger(nativeIfLoaded(), transport, RESET) || tries === 0) {
      destroyBoth(socket, transport);
    } else {
      setImmediate(reset, socket, transport, tries - 1);
    }
  } else if (socket !== transport) {
    resetUnderTls(socket, transport);
  } else if (transport instanceof TLSSocket) {
    // A client's socket that owns its transport: resetAndDestroy() is not for these.
    const backend = native();
    if (typeof backend === 'object') setLinger(backend, transport, RESET);
    transport.destroy();
  } else {
    transport.resetAndDestroy();
  }
}

function destroyBoth(socket: Socket, transport: Socket): void {
  socket.destroy();
  transport.destroy();
}

/**
 * A TLSSocket has to be destroyed first (see above), and destroys the socket under it in its own
 * time; that one then resets instead of closing.
 */
function resetUnderTls(socket: Socket, transport: Socket): void {
  transport.destroy = (): Socket => {
    delete (transport as { destroy?: unknown }).destroy; // the method of the class again
    return transport.resetAndDestroy();
  };
  destroyBoth(socket, transport);
}

/** After `end()` with nothing left to write and before `finish`: the FIN is being sent. */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}

function isTaken(backend: Native | undefined, transport: Socket): boolean | undefined {
  if (backend === undefined || isPipe(transport)) return undefined;
  const fd = descriptorOf(transport);
  return typeof fd === 'number' ? backend.isTaken(fd) : undefined;
}

function setLinger(backend: Native | undefined, socket: Socket, value: typeof RESET): boolean {
  const option = backend?.platform.options.get('SO_LINGER');
  if (backend === undefined || option === undefined) return false;
  const fd = descriptorOf(socket);
  if (typeof fd !== 'number') return false;
  try {
    backend.set(fd, option, value);
    return true;
  } catch {
    return false; // gone meanwhile, or shut down already (EINVAL on BSD): nothing to linger for
  }
}

function transportOf(socket: Socket): Socket {
  const parent = (socket as { _parent?: unknown })._parent;
  return socket instanceof TLSSocket && parent instanceof Socket ? parent : socket;
}
