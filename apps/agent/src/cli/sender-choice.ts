import os from 'node:os';
import { UsageError, type FlagValues } from '@sluice/cli-tools/command-line';
import { asksForKey, speaksTls, targetOf, type ForwardSenderOptions } from '@sluice/forward-client';
import { createClientContext, type ClientTlsOptions } from '@sluice/tls';
import type { catFlags } from './commands.js';

type Values = FlagValues<typeof catFlags>;

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
      ack: values['no-ack'] !== true,
      handshake: handshake(values, command),
    },
    tls: values.tls === true ? tlsOptions(values) : undefined,
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
  if (needsTls && values.tls !== true) throw new UsageError(`${needsTls} needs --tls`);
  if (values.insecure === true && values.ca !== undefined) {
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
    insecure: values.insecure === true,
    ...(ca !== undefined && { caPath: ca }),
    ...(cert !== undefined && { certPath: cert }),
    ...(key !== undefined && { privateKeyPath: key }),
  };
}

/** Loads the certificates, where TLS is wanted. @throws TlsError, which names the file */
export async function senderOptions({ sender, tls }: SenderChoice): Promise<ForwardSenderOptions> {
  return tls === undefined ? sender : { ...sender, tls: await createClientContext(tls) };
}

/** Seconds to find out what a server that closed the connection wants. */
const probeTimeout = 2;

/** What to say on the command line to a server that asks for it, by the code of the error. */
const remedies: Readonly<Record<string, string>> = {
  ERR_SLUICE_FORWARD_KEY_NEEDED: '--shared-key',
  ERR_SLUICE_FORWARD_TLS_NEEDED: '--tls',
  ERR_SLUICE_FORWARD_NO_TLS: 'leave out --tls',
  ERR_SLUICE_FORWARD_CERTIFICATE_NEEDED: '--cert and --key',
};
/** How a server that speaks TLS, or another protocol, ends a plain connection. */
const silentEnds: readonly unknown[] = ['ERR_SLUICE_FORWARD_CLOSED', 'ECONNRESET', 'EPIPE'];

/** What went wrong, and which option would mend it. */
export async function explain(error: Error, { sender, tls }: SenderChoice): Promise<string> {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (tls === undefined && silentEnds.includes(code)) {
    const target = targetOf(sender);
    if (await speaksTls(target, probeTimeout)) return 'the server speaks TLS: --tls';
    if (sender.handshake === undefined && (await asksForKey(target, probeTimeout))) {
      return 'the server asks for a shared key: --shared-key';
    }
  }
  const remedy = remedies[code] as string | undefined;
  return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
}
