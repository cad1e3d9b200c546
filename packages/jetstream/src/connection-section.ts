import { param, secret, t, type CheckContext, type ParamOutput } from '@sluice/config';

/** The parameters that the output and the input share: how to reach the servers. */
export const connectionParams = {
  servers: t
    .array(t.string())
    .default(['127.0.0.1:4222'])
    .describe('Servers of the cluster, host:port; any of them will do'),
  user: t.string().optional().describe('User name'),
  password: secret(t.string()).optional().describe('Password of that user'),
  token: secret(t.string()).optional().describe('Token, where the servers ask for one'),
  nkey: secret(t.string()).optional().describe('Seed of an NKey user, SU...'),
  credentials: param(t.string(), { alias: 'creds' })
    .optional()
    .describe('Credentials file (JWT and seed), as nsc makes it; read again at every connection'),
  tls: t.bool().default(false).describe('Speak TLS only; without, it is spoken where servers ask'),
  tlsCertPath: param(t.string(), { alias: 'tls_ca_cert_path' })
    .optional()
    .describe("File of CA certificates to trust, PEM (default: Node's own list)"),
  tlsClientCertPath: t.string().optional().describe('Own certificate, PEM, the whole chain'),
  tlsClientPrivateKeyPath: t.string().optional().describe('Private key of that, PEM'),
  tlsClientPrivateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
  tlsVerifyHostname: t
    .bool()
    .default(true)
    .describe("Check that a certificate is for the server's name"),
  tlsInsecureMode: t.bool().default(false).describe('Verify nothing about the servers'),
  connectTimeout: t
    .time({ min: 0.001 })
    .default(5)
    .describe('Seconds for one server to take a connection'),
  pingInterval: t
    .time({ min: 0.1 })
    .default(5)
    .describe('Seconds between pings; a server that misses two is given up'),
  reconnectWait: t
    .time({ min: 0.01 })
    .default(0.5)
    .describe('Seconds to wait before a server is tried again, and a random part of that on top'),
  stream: t.string().describe('Name of the stream'),
};

/** The shared parameters, read. */
export type ConnectionConfig = {
  readonly [Name in keyof typeof connectionParams]: ParamOutput<(typeof connectionParams)[Name]>;
};

/** Errors in the shared parameters. @throws ConfigError */
export function checkConnection(value: ConnectionConfig, context: CheckContext): void {
  if (value.servers.length === 0) throw context.error('servers', 'servers is empty');
  for (const server of value.servers) {
    if (/^[^\s:/@[\]]+(:\d{1,5})?$|^\[[\da-fA-F:.]+\](:\d{1,5})?$/.test(server)) continue;
    throw context.error('servers', `servers: "${server}" is not host:port`, 'write a:4222, b:4222');
  }
  if (!/^[^\s.*>/\\]+$/.test(value.stream)) {
    throw context.error(
      'stream',
      `stream "${value.stream}": a name has no blanks, and none of . * > / \\`,
    );
  }
  if ((value.user === undefined) !== (value.password === undefined)) {
    throw context.error(
      value.user === undefined ? 'password' : 'user',
      'user and password go together',
    );
  }
  const ways = (['user', 'token', 'nkey', 'credentials'] as const).filter(
    (name) => value[name] !== undefined,
  );
  if (ways.length > 1) {
    throw context.error(ways[1], `${ways.join(' and ')}: there can be one of them`);
  }
  checkTls(value, context);
}

function checkTls(value: ConnectionConfig, context: CheckContext): void {
  if ((value.tlsClientCertPath === undefined) !== (value.tlsClientPrivateKeyPath === undefined)) {
    throw context.error(
      value.tlsClientCertPath === undefined ? 'tlsClientPrivateKeyPath' : 'tlsClientCertPath',
      'tls_client_cert_path and tls_client_private_key_path go together',
    );
  }
  if (value.tls) return;
  if (value.tlsCertPath !== undefined || value.tlsClientCertPath !== undefined) {
    throw context.error(
      value.tlsCertPath === undefined ? 'tlsClientCertPath' : 'tlsCertPath',
      'the tls_ parameters need tls true',
    );
  }
}
