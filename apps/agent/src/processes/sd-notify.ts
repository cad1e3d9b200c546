import { execFile } from 'node:child_process';
import os from 'node:os';
import { loadLibc, type Libc } from '@sluice/socket-options';
import type { AgentLog } from '@sluice/log';

const afUnix = 1;
const sockDgramCloexec = 2 | 0o2000000;
const msgNoSignal = 0x4000;

type SendDatagram = (bytes: Buffer) => void;

/**
 * Tells the service manager how the agent is, by sd_notify(3): datagrams to the Unix socket that
 * `NOTIFY_SOCKET` names. Without that variable it does nothing.
 *
 * Node has no datagrams over Unix sockets. koffi calls the kernel directly; where it cannot be
 * loaded the program systemd-notify does it, which needs `NotifyAccess=all` in the unit.
 */
export class ServiceNotifier {
  readonly #path: string | undefined;
  #send: SendDatagram | undefined;

  constructor(
    readonly log: AgentLog,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    const { NOTIFY_SOCKET: path } = environment;
    this.#path = path === '' ? undefined : path;
    this.watchdogInterval = this.#path === undefined ? undefined : watchdogOf(environment);
  }

  /** Seconds within which the manager wants to hear `WATCHDOG=1`; undefined for never. */
  readonly watchdogInterval: number | undefined;

  /** Sends variables such as `{ READY: 1 }`. Never throws: what goes wrong is logged. */
  notify(state: Record<string, string | number>): void {
    if (this.#path === undefined) return;
    const lines = Object.entries(state).map(([name, value]) => `${name}=${value}\n`);
    try {
      this.#send ??= this.#open(this.#path);
      this.#send(Buffer.from(lines.join('')));
    } catch (error) {
      const reason = (error as Error).message;
      this.log.warn({ socket: this.#path, reason }, 'the service manager cannot be notified');
    }
  }

  /** `RELOADING=1`, which needs the time of CLOCK_MONOTONIC in microseconds beside it. */
  reloading(): void {
    const now = String(process.hrtime.bigint() / 1000n);
    this.notify({ RELOADING: 1, MONOTONIC_USEC: now, STATUS: 'reloading the configuration' });
  }

  /**
   * Says `WATCHDOG=1` twice in the interval in which the manager wants to hear it.
   *
   * @param isWell asked each time; false keeps silent
   * @returns a function that ends it
   */
  keepAlive(isWell: () => boolean): () => void {
    if (this.watchdogInterval === undefined) return () => undefined;
    const tell = (): void => {
      if (isWell()) this.notify({ WATCHDOG: 1 });
    };
    const timer = setInterval(tell, (this.watchdogInterval * 1000) / 2);
    return () => clearInterval(timer);
  }

  #open(path: string): SendDatagram {
    if (os.platform() !== 'linux') throw new Error('there is none on this platform');
    if (!path.startsWith('/') && !path.startsWith('@')) {
      throw new Error(`NOTIFY_SOCKET=${path}: only Unix sockets are supported`);
    }
    const libc = loadLibc();
    return typeof libc === 'string' ? (bytes) => this.#viaProgram(bytes) : viaKernel(libc, path);
  }

  #viaProgram(bytes: Buffer): void {
    const states = bytes.toString().trim().split('\n');
    execFile('systemd-notify', [`--pid=${process.pid}`, ...states], (error) => {
      if (error === null) return;
      this.log.warn({ reason: error.message }, 'systemd-notify failed');
    });
  }
}

/** The kernel refuses a datagram or the socket's name. */
class NotifySocketError extends Error {
  readonly code = 'ERR_SLUICE_NOTIFY';
}

function watchdogOf(environment: NodeJS.ProcessEnv): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = environment;
  if (pid !== undefined && Number(pid) !== process.pid) return undefined;
  const seconds = Number(microseconds) / 1e6;
  return seconds > 0 ? seconds : undefined;
}

function viaKernel(libc: Libc, path: string): SendDatagram {
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'long sendto(int fd, const void *data, size_t size, int flags, const void *to, uint32_t length)',
  );
  const close = libc.func('int close(int fd)');
  const fail = (call: string): never => {
    const errno = libc.errno();
    throw new NotifySocketError(`${call}: ${libc.errorName(errno) ?? errno}`);
  };
  const address = socketAddress(path);
  return (bytes) => {
    // One datagram now and then: a descriptor that stays open would only be in the way.
    const fd = socket(afUnix, sockDgramCloexec, 0);
    if (fd < 0) fail('socket');
    const sent = sendto(fd, bytes, bytes.length, msgNoSignal, address, address.length);
    try {
      if (sent < 0) fail(`sendto ${path}`);
    } finally {
      close(fd);
    }
  };
}

/** A `sockaddr_un`; a leading `@` stands for the zero byte of an abstract name. */
function socketAddress(path: string): Buffer {
  const family = Buffer.alloc(2);
  if (os.endianness() === 'LE') family.writeUInt16LE(afUnix);
  else family.writeUInt16BE(afUnix);
  const abstract = path.startsWith('@');
  const name = Buffer.from(abstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > 108) throw new NotifySocketError(`NOTIFY_SOCKET=${path} is too long`);
  return Buffer.concat([family, name]);
}
