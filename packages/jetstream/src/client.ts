import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, NatsConnection, TlsOptions } from '@nats-io/transport-node';
import type { ConnectionConfig } from './connection-section.js';

export type Transport = typeof import('@nats-io/transport-node');
export type JetStream = typeof import('@nats-io/jetstream');

/** The client's modules, which are imported when a plugin starts. */
export interface Client {
  readonly transport: Transport;
  readonly jetstream: JetStream;
}

export async function importClient(): Promise<Client> {
  const [transport, jetstream] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  return { transport, jetstream };
}

/**
 * Connects to any of the servers, once. The connection that comes of it goes on to another server by
 * itself when it breaks, for as long as it takes.
 *
 * @param name for the servers' monitoring pages
 * @throws the client's error, or that of a file
 */
export async function dial(
  { transport }: Client,
  config: ConnectionConfig,
  name: string,
): Promise<NatsConnection> {
  const wait = config.reconnectWait * 1000;
  const options: ConnectionOptions = {
    servers: config.servers,
    name,
    timeout: config.connectTimeout * 1000,
    pingInterval: config.pingInterval * 1000,
    maxPingOut: 2,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: wait,
    reconnectJitter: wait,
    reconnectJitterTLS: wait,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(await credentials(transport, config)),
    ...(config.tls && { tls: tlsOptions(config) }),
  };
  return transport.connect(options);
}

async function credentials(
  transport: Transport,
  config: ConnectionConfig,
): Promise<Pick<ConnectionOptions, 'user' | 'pass' | 'token' | 'authenticator'>> {
  const { user, password, token, nkey, credentials: file } = config;
  if (user !== undefined) return { user, pass: password ?? '' };
  if (token !== undefined) return { token };
  if (nkey !== undefined) {
    return { authenticator: transport.nkeyAuthenticator(Buffer.from(nkey)) };
  }
  if (file === undefined) return {};
  return { authenticator: transport.credsAuthenticator(await readFile(file)) };
}

function tlsOptions(config: ConnectionConfig): TlsOptions {
  const { tlsCertPath, tlsClientCertPath, tlsClientPrivateKeyPath } = config;
  // What the client does not know goes on to `tls.connect`.
  const more = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !config.tlsInsecureMode,
    ...(!config.tlsVerifyHostname && { checkServerIdentity: () => undefined }),
    ...(config.tlsClientPrivateKeyPassphrase !== undefined && {
      passphrase: config.tlsClientPrivateKeyPassphrase,
    }),
  };
  return {
    ...more,
    ...(tlsCertPath !== undefined && { caFile: tlsCertPath }),
    ...(tlsClientCertPath !== undefined && { certFile: tlsClientCertPath }),
    ...(tlsClientPrivateKeyPath !== undefined && { keyFile: tlsClientPrivateKeyPath }),
  };
}
