import { hkdfSync, randomBytes } from 'node:crypto';
import { TlsFileError } from './errors.js';
import { readSecret } from './files.js';
import type { Logger } from './logger.js';
import { secretBuffer } from './secret.js';
import { subscribeToClusterKeys } from './cluster-ticket-keys.js';

/** Length of Node's ticket keys: 16 bytes of name, 16 of HMAC key, 16 of AES key. */
export const ticketKeyLength = 48;
/** Default seconds between two keys. */
export const defaultTicketRotation = 12 * 60 * 60;
const longestTimer = 2 ** 31 - 1;
const shortestSecret = 32;

/** The session ticket keys of a server, as they change. */
export interface TicketKeys {
  readonly current: Buffer;
  close(): void;
}

/**
 * Starts a source of ticket keys and calls `onChange` at each rotation. A ticket made with an
 * earlier key costs its client one full handshake, nothing else.
 */
export async function startTicketKeys(
  options: { secretPath: string | undefined; rotation: number; log: Logger },
  onChange: (keys: Buffer) => void,
): Promise<TicketKeys> {
  const { secretPath, rotation, log } = options;
  if (secretPath !== undefined) return startDerivedKeys(secretPath, rotation, log, onChange);

  let current = hidden(randomBytes(ticketKeyLength));
  let timer: NodeJS.Timeout | undefined = setInterval(
    () => change(randomBytes(ticketKeyLength)),
    period(rotation),
  ).unref();
  const change = (keys: Buffer): void => {
    current = hidden(keys);
    onChange(current);
  };
  const unsubscribe = subscribeToClusterKeys(rotation, (keys) => {
    clearInterval(timer); // from now on the primary rotates
    timer = undefined;
    change(keys);
  });
  return {
    get current() {
      return current;
    },
    close() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}

function hidden(keys: Buffer): Buffer {
  return secretBuffer(keys, 'session ticket keys');
}

function period(rotation: number): number {
  return Math.min(rotation * 1000, longestTimer);
}

/** Keys that everybody with the same secret derives for the same stretch of time. */
async function startDerivedKeys(
  file: string,
  rotation: number,
  log: Logger,
  onChange: (keys: Buffer) => void,
): Promise<TicketKeys> {
  const epoch = (): number => Math.floor(Date.now() / (rotation * 1000));
  // Read again at each rotation, so that the secret itself can be replaced.
  const derive = async (): Promise<Buffer> => {
    const secret = await readSecret(file, 'ticketSecretPath');
    if (secret.length < shortestSecret) {
      throw new TlsFileError(`ticketSecretPath: ${file} is shorter than ${shortestSecret} bytes`, {
        option: 'ticketSecretPath',
        file,
      });
    }
    const info = `sluice session ticket key ${rotation} ${epoch()}`;
    return hidden(Buffer.from(hkdfSync('sha256', secret, '', info, ticketKeyLength)));
  };
  let current = await derive();
  let timer: NodeJS.Timeout;
  let closed = false;
  const schedule = (): void => {
    const untilNext = (epoch() + 1) * rotation * 1000 - Date.now();
    timer = setTimeout(rotate, Math.min(Math.max(untilNext, 1), longestTimer)).unref();
  };
  const rotate = (): void => {
    void derive()
      .then(
        (keys) => {
          current = keys;
          if (!closed) onChange(keys);
        },
        (error: unknown) =>
          log.warn({ err: error, file }, 'session ticket keys not rotated: the old ones stay'),
      )
      .then(() => {
        if (!closed) schedule();
      });
  };
  schedule();
  return {
    get current() {
      return current;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
