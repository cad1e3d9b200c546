/** Why events were not published, or JetStream cannot be used. */
export type JetStreamErrorCode =
  /** No server answers. */
  | 'ERR_SLUICE_JETSTREAM_UNAVAILABLE'
  /** A server refuses the credentials, or something that they do not allow. */
  | 'ERR_SLUICE_JETSTREAM_PERMISSION'
  /** The servers run without JetStream, or the account may not use it. */
  | 'ERR_SLUICE_JETSTREAM_DISABLED'
  /** The stream does not exist, or does not take the subject. */
  | 'ERR_SLUICE_JETSTREAM_STREAM'
  /** The stream is full, and its `discard` is `new`. */
  | 'ERR_SLUICE_JETSTREAM_FULL'
  /** One event is larger than the server's `max_payload`. */
  | 'ERR_SLUICE_JETSTREAM_TOO_LARGE'
  /** More than `queue_limit_size` waits. */
  | 'ERR_SLUICE_JETSTREAM_OVERFLOW'
  /** A consumer of this name exists that is of another kind. */
  | 'ERR_SLUICE_JETSTREAM_CONSUMER'
  /** The plugin has been closed. */
  | 'ERR_SLUICE_JETSTREAM_STOPPED';

/** Events that were not published, or a stream that cannot be used. */
export class JetStreamPluginError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'JetStreamPluginError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: JetStreamErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether waiting may help: nobody has refused, there was no answer. */
  get passing(): boolean {
    return this.code === 'ERR_SLUICE_JETSTREAM_UNAVAILABLE';
  }
}

/** JetStream's numbers of its errors. */
const apiCode = {
  /** A server that is alone cannot have replicas. */
  replicasNeedCluster: 10_074,
  notEnabled: 10_076,
  notEnabledForAccount: 10_039,
  streamNotFound: 10_059,
  wrongStream: 10_060,
  storeFailed: 10_077,
} as const;

interface ClientError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly status?: unknown;
}

/**
 * What the client's error means, in our words. Errors are told by their names, because the client is
 * imported when a plugin starts.
 *
 * @param what what was tried, for the message: `publishing to sluice.app`
 */
export function explained(error: unknown, what: string): JetStreamPluginError {
  if (error instanceof JetStreamPluginError) return error;
  const { name, message, code, cause, status } = error as ClientError;
  const make = (as: JetStreamErrorCode, why: string): JetStreamPluginError =>
    new JetStreamPluginError(as, `${what}: ${why}`, { cause: error });
  // A request wraps what went wrong.
  const inner = cause as ClientError | undefined;
  if (name === 'RequestError' && inner?.name === 'PermissionViolationError') {
    return make('ERR_SLUICE_JETSTREAM_PERMISSION', inner.message);
  }
  switch (name) {
    case 'PermissionViolationError':
    case 'AuthorizationError':
    case 'UserAuthenticationExpiredError':
      return make('ERR_SLUICE_JETSTREAM_PERMISSION', `the server refuses: ${message}`);
    case 'JetStreamNotEnabled':
      return (inner as { code?: unknown } | undefined)?.code === apiCode.notEnabledForAccount
        ? make('ERR_SLUICE_JETSTREAM_DISABLED', 'the account may not use JetStream')
        : make(
            'ERR_SLUICE_JETSTREAM_UNAVAILABLE',
            'nobody answers: no stream takes the subject, or JetStream is not running',
          );
    case 'StreamNotFoundError':
      return make('ERR_SLUICE_JETSTREAM_STREAM', 'the stream does not exist');
    case 'TimeoutError':
      return make('ERR_SLUICE_JETSTREAM_UNAVAILABLE', 'no answer in time');
    case 'JetStreamApiError':
      return make(apiErrorCode(code, status, message), message);
    case 'InvalidArgumentError':
    case 'InvalidNameError':
      return make('ERR_SLUICE_JETSTREAM_STREAM', message);
    default:
      return make('ERR_SLUICE_JETSTREAM_UNAVAILABLE', message);
  }
}

function apiErrorCode(code: unknown, status: unknown, message: string): JetStreamErrorCode {
  if (
    code === apiCode.wrongStream ||
    code === apiCode.streamNotFound ||
    code === apiCode.replicasNeedCluster
  ) {
    return 'ERR_SLUICE_JETSTREAM_STREAM';
  }
  if (code === apiCode.notEnabled || code === apiCode.notEnabledForAccount) {
    return 'ERR_SLUICE_JETSTREAM_DISABLED';
  }
  // "maximum bytes exceeded", "maximum messages exceeded", "resource limits exceeded for account"
  if (
    message.includes('exceeded') &&
    (code === apiCode.storeFailed || message.includes('maximum'))
  ) {
    return 'ERR_SLUICE_JETSTREAM_FULL';
  }
  return status === 503 || status === 500
    ? 'ERR_SLUICE_JETSTREAM_UNAVAILABLE'
    : 'ERR_SLUICE_JETSTREAM_STREAM';
}
