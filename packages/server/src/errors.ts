/** A call that can never work: a wrong type, an option of another protocol, a missing callback. */
export class ServerArgumentError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SERVER_ARGUMENT';
  /** What a stack trace begins with. */
  override readonly name = 'ServerArgumentError';
  /** The argument or option at fault, in camelCase. */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** The protocols that the option is for, where that is what was wrong. */
  readonly protocols: readonly string[] | undefined;

  constructor(message: string, option: string, value: unknown, protocols?: readonly string[]) {
    super(message);
    this.option = option;
    this.value = value;
    this.protocols = protocols;
  }
}

/** An event that the connection does not have, or a second `data` callback. */
export class ConnectionEventError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_CONNECTION_EVENT';
  /** What a stack trace begins with. */
  override readonly name = 'ConnectionEventError';
  /** The name that was given. */
  readonly event: string;

  constructor(message: string, event: string) {
    super(message);
    this.event = event;
  }
}

/**
 * The address cannot be listened on. `code` is the system's (`EADDRINUSE`, `EACCES`,
 * `EADDRNOTAVAIL`, `ENOTFOUND`, …), so that it can be compared as with Node's own servers.
 */
export class ListenError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'ListenError';
  /** The system's, such as `EADDRINUSE`; `ERR_SLUICE_LISTEN` where it gives none. */
  readonly code: string;
  /** The server's name, as `create` was given it. */
  readonly title: string;
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string;
  /** The system's call that failed, such as `listen`. */
  readonly syscall: string | undefined;

  constructor(title: string, address: string, cause: Error, detail?: string) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    const why = detail ?? cause.message;
    super(`${title}: cannot listen on ${address}: ${why}`, { cause });
    this.code = code ?? 'ERR_SLUICE_LISTEN';
    this.syscall = syscall;
    this.title = title;
    this.address = address;
  }
}

/** `create` on a helper that has been stopped. */
export class HelperStoppedError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_SERVER_STOPPED';
  /** What a stack trace begins with. */
  override readonly name = 'HelperStoppedError';
  /** The name that the server would have had. */
  readonly title: string;

  constructor(title: string) {
    super(`${title}: the server helper has been stopped`);
    this.title = title;
  }
}

/** Why the helper ended a connection. */
export class ConnectionClosedError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_CONNECTION_CLOSED';
  /** What a stack trace begins with. */
  override readonly name = 'ConnectionClosedError';
  /** `host:port` of the other end. */
  readonly peer: string;
  /** For example `idle-timeout`, `write-buffer`, `recv-timeout`. */
  readonly reason: string;

  constructor(peer: string, reason: string) {
    super(`connection from ${peer} closed: ${reason}`);
    this.peer = peer;
    this.reason = reason;
  }
}

/** A PROXY protocol header that is missing, broken or too long. */
export class ProxyHeaderError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_PROXY_HEADER';
  /** What a stack trace begins with. */
  override readonly name = 'ProxyHeaderError';
}

/** Turns whatever was thrown into an `Error`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
}
