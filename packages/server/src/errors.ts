/** A call that can never work: a wrong type, an option of another protocol, a missing callback. */
export class ServerArgumentError extends Error {
  readonly code = 'ERR_SLUICE_SERVER_ARGUMENT';
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
  readonly code = 'ERR_SLUICE_CONNECTION_EVENT';
  override readonly name = 'ConnectionEventError';
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
  override readonly name = 'ListenError';
  readonly code: string;
  readonly title: string;
  readonly address: string;
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
  readonly code = 'ERR_SLUICE_SERVER_STOPPED';
  override readonly name = 'HelperStoppedError';
  readonly title: string;

  constructor(title: string) {
    super(`${title}: the server helper has been stopped`);
    this.title = title;
  }
}

/** Why the helper ended a connection. */
export class ConnectionClosedError extends Error {
  readonly code = 'ERR_SLUICE_CONNECTION_CLOSED';
  override readonly name = 'ConnectionClosedError';
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
  readonly code = 'ERR_SLUICE_PROXY_HEADER';
  override readonly name = 'ProxyHeaderError';
}

/** Turns whatever was thrown into an `Error`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
}
