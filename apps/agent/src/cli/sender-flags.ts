import os from 'node:os';
import type { ParseArgsConfig } from 'node:util';
import type { ForwardSenderOptions } from '@sluice/forward-client';
import { createClientContext, type ClientTlsOptions } from '@sluice/tls';
import { UsageError, type parseFlags } from './flags.js';

/** Flags of the commands that send: `cat` and `bench`. */
export const senderFlags = {
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  unix: { type: 'string', short: 'u' },
  tls: { type: 'boolean', default: false },
  ca: { type: 'string' },
  insecure: { type: 'boolean', default: false },
  cert: { type: 'string' },
  key: { type: 'string' },
  'shared-key': { type: 'string' },
  'self-hostname': { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  'no-ack': { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

type Values = ReturnType<typeof parseFlags<typeof senderFlags>>['values'];

/** Where to send, with TLS and handshake, as the command line says. */
export interface SenderChoice {
  readonly sender: Omit<ForwardSenderOptions, 'tls'>;
  /** Undefined: no TLS. */
  readonly tls: ClientTlsOptions | undefined;
}

/**
 * Reads the flags of a command that sends.
 *
 * @param command that the handshake names where `--self-hostname` does not
 * @throws UsageError
 */
export function senderChoice(values: Values, command: string): SenderChoice {
  checkTogether(values);
  const { host = '127.0.0.1', port = '24224' } = values;
  return {
    sender: {
      host,
      port: portNumber(port),
      path: values.unix,
      ack: !values['no-ack'],
      handshake: handshake(values, command),
    },
    tls: values.tls ? tlsOptions(values) : undefined,
  };
}

/** @throws UsageError */
export function portNumber(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`--port is 1 to 65535, not "${text}"`);
}

function checkTogether(values: Values): void {
  const given = (names: readonly (keyof Values)[]): string[] =>
    names
      .filter((name) => values[name] !== undefined && values[name] !== false)
      .map((name) => `--${name}`);
  if (values.unix !== undefined) {
    const [first] = given(['host', 'port', 'tls', 'ca', 'insecure', 'cert', 'key']);
    if (first) throw new UsageError(`${first} does not go with --unix`);
  }
  const [needsTls] = given(['ca', 'insecure', 'cert', 'key']);
  if (needsTls && !values.tls) throw new UsageError(`${needsTls} needs --tls`);
  if (values.insecure && values.ca !== undefined) {
    throw new UsageError('--ca does not go with --insecure, which verifies nothing');
  }
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new UsageError('--cert and --key go together');
  }
  if ((values.user === undefined) !== (values.password === undefined)) {
    throw new UsageError('--user and --password go together');
  }
  const [needsKey] = given(['user', 'self-hostname']);
  if (needsKey && values['shared-key'] === undefined) {
    throw new UsageError(`${needsKey} needs --shared-key`);
  }
}

function handshake(values: Values, command: string): ForwardSenderOptions['handshake'] {
  const { user, password } = values;
  if (values['shared-key'] === undefined) return undefined;
  return {
    sharedKey: values['shared-key'],
    // The server's own name is mostly the machine's, and must be another one.
    selfHostname: values['self-hostname'] ?? `sluice-${command}.${os.hostname()}`,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
  };
}

function tlsOptions(values: Values): ClientTlsOptions {
  const { ca, cert, key } = values;
  return {
    minVersion: 'TLSv1_2',
    maxVersion: 'TLSv1_3',
    watch: false,
    insecure: values.insecure,
    ...(ca !== undefined && { caPath: ca }),
    ...(cert !== undefined && { certPath: cert }),
    ...(key !== undefined && { privateKeyPath: key }),
  };
}

/** Loads the certificates, where TLS is wanted. @throws TlsError, which names the file */
export async function senderOptions({ sender, tls }: SenderChoice): Promise<ForwardSenderOptions> {
  return tls === undefined ? sender : { ...sender, tls: await createClientContext(tls) };
}
