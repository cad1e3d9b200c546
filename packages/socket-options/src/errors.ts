import type { SocketProtocol } from './options.js';

/** An option that is wrong: unknown, of a wrong type, out of range, or not for this protocol. */
export class SocketOptionError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'SocketOptionError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SOCKET_OPTION';
  /** The option as the caller named it. */
  readonly option: string;
  /** The value that was given. */
  readonly value: unknown;
  /** The protocols that the option is for; empty for an unknown option. */
  readonly protocols: readonly SocketProtocol[];

  constructor(
    message: string,
    option: string,
    value: unknown,
    protocols: readonly SocketProtocol[] = [],
  ) {
    super(`${option}: ${message}`);
    this.option = option;
    this.value = value;
    this.protocols = protocols;
  }
}

/** The platform, the kernel or the backend in use cannot do this. */
export class SocketOptionUnsupportedError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'SocketOptionUnsupportedError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SOCKET_OPTION_UNSUPPORTED';
  /** The option as the caller named it. */
  readonly option: string;
  /** Why not, for people. */
  readonly reason: string;

  constructor(option: string, reason: string) {
    super(`${option} is not supported: ${reason}`);
    this.option = option;
    this.reason = reason;
  }
}

/** The kernel refused a call. */
export class SocketOptionSystemError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'SocketOptionSystemError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SOCKET_OPTION_SYSTEM';
  /** The option as the caller named it. */
  readonly option: string;
  /** `setsockopt`, `getsockopt`, … */
  readonly syscall: string;
  /** The name of the error, such as `EPERM`, or its number where it has no name. */
  readonly errno: string;

  constructor(option: string, syscall: string, errno: string) {
    super(`${option}: ${syscall} failed with ${errno}`);
    this.option = option;
    this.syscall = syscall;
    this.errno = errno;
  }
}

/** The socket has no descriptor: it is closed already, or not open yet. */
export class SocketClosedError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'SocketClosedError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SOCKET_CLOSED';
  /** What was asked for. */
  readonly option: string;

  constructor(option: string) {
    super(`${option}: the socket is closed, or not open yet (listen, bind or connect first)`);
    this.option = option;
  }
}

/** Why {@link watchTimeouts} gave a connection up. */
export type TimeoutReason = 'recv-timeout' | 'send-timeout' | 'idle-timeout' | 'first-byte-timeout';

const timeouts = {
  'recv-timeout': { code: 'ERR_SLUICE_RECV_TIMEOUT', text: 'the peer sent nothing' },
  'send-timeout': {
    code: 'ERR_SLUICE_SEND_TIMEOUT',
    text: 'the peer took none of the waiting bytes',
  },
  'idle-timeout': { code: 'ERR_SLUICE_IDLE_TIMEOUT', text: 'nothing went either way' },
  'first-byte-timeout': {
    code: 'ERR_SLUICE_FIRST_BYTE_TIMEOUT',
    text: 'the peer has sent no first byte',
  },
} as const;

/** A peer was silent, or took nothing of what waits, for too long. */
export class SocketTimeoutError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'SocketTimeoutError';
  /** `ERR_SLUICE_RECV_TIMEOUT` and the like, one for each reason. */
  readonly code: (typeof timeouts)[TimeoutReason]['code'];
  /** Which limit was passed. */
  readonly reason: TimeoutReason;
  /** The limit that was passed. */
  readonly seconds: number;
  /** The peer's address and port, where the socket has them. */
  readonly peer: string | undefined;

  constructor(reason: TimeoutReason, seconds: number, peer?: string) {
    const { code, text } = timeouts[reason];
    super(`${peer === undefined ? '' : `${peer}: `}${text} for ${seconds} s`);
    this.code = code;
    this.reason = reason;
    this.seconds = seconds;
    this.peer = peer;
  }
}
