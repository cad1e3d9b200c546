import {
  defineSection,
  param,
  secret,
  t,
  type ConfigElement,
  type SectionOf,
} from '@sluice/config';
import { supportedCompressions } from '@sluice/forward-protocol';
import { serviceParams } from '@sluice/plugin';

const mib = 1024 * 1024;
const versions = ['TLSv1_1', 'TLSv1_2', 'TLSv1_3', 'TLS1_1', 'TLS1_2', 'TLS1_3'] as const;

const serverSection = defineSection({
  name: 'server',
  description: 'One server to send to.',
  params: serviceParams,
});

const securitySection = defineSection({
  name: 'security',
  description: 'The handshake: both sides show that they know the shared key.',
  unknown: 'error',
  params: {
    selfHostname: t.string().describe('The name that this client tells the servers'),
    sharedKey: secret(t.string()).describe('The key that both sides know'),
  },
});

const notSupported = 'not supported here';

/** The parameters of `<match> @type forward`, with Fluentd's names and defaults. */
export const forwardOutputSection = defineSection({
  name: 'match',
  description: "Sends events on by Fluentd's forward protocol, with failover and acks.",
  params: {
    requireAckResponse: t
      .bool()
      .default(false)
      .describe('Have every chunk acknowledged, and send it again where it is not'),
    keepChunkId: t
      .bool()
      .default(false)
      .describe(
        'With require_ack_response: send a chunk that came with an id alone and under that id',
      ),
    ackResponseTimeout: t
      .time({ min: 0.001 })
      .default(190)
      .describe('Seconds to wait for an acknowledgement'),
    compress: t.enum(['text', 'gzip', 'zstd']).default('text').describe('Compress each chunk'),
    timeAsInteger: t.bool().default(false).describe('Send times as whole seconds (Fluentd v0.12)'),
    keepalive: t.bool().default(false).describe('Keep connections open when they are idle'),
    keepaliveTimeout: t
      .time({ min: 0.001 })
      .optional()
      .describe(
        'With keepalive: seconds after which an idle connection is closed (default: never)',
      ),
    heartbeatType: t
      .enum(['transport', 'tcp', 'udp', 'none'])
      .default('transport')
      .describe('How to find out whether a server is up; tcp is the old name of transport'),
    heartbeatInterval: t.time({ min: 0.01 }).default(1).describe('Seconds between heartbeats'),
    phiFailureDetector: t
      .bool()
      .default(true)
      .describe('Consider a server down when a heartbeat is unlikely late'),
    phiThreshold: t
      .integer({ min: 1 })
      .default(16)
      .describe('How unlikely: 10 to the power of minus this'),
    hardTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe('Seconds without a heartbeat after which a server is considered down'),
    recoverWait: t
      .time()
      .default(10)
      .describe('Seconds for which a server must answer again before it is used again'),
    slowStart: t
      .time()
      .default(10)
      .describe('Seconds in which a server that comes or comes back gets its full share'),
    sendTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe('Seconds in which a server must take bytes that wait for it'),
    connectTimeout: t
      .time({ min: 0.001 })
      .optional()
      .describe('Seconds to connect, with TLS and handshake (default: hard_timeout)'),
    expireDnsCache: t
      .time()
      .optional()
      .describe(
        'Seconds to remember addresses, 0 for not at all (default: until a connection fails)',
      ),
    dnsRoundRobin: t.bool().default(false).describe('Take the addresses of a name in turn'),
    ignoreNetworkErrorsAtStartup: t
      .bool()
      .default(false)
      .describe('Start even where the name of a server does not resolve'),
    verifyConnectionAtStartup: t
      .bool()
      .default(false)
      .describe('Refuse to start where a server cannot be connected to, or refuses the handshake'),
    transport: t.enum(['tcp', 'tls']).default('tcp').describe('tcp or tls'),
    tlsVersion: t
      .enum(versions)
      .optional()
      .describe('The one TLS version to speak (default: 1.2 and 1.3)'),
    tlsCiphers: t.string().optional().describe("Cipher list in OpenSSL's syntax"),
    tlsInsecureMode: t.bool().default(false).describe('Verify nothing about the servers'),
    tlsAllowSelfSignedCert: t.bool().default(false).describe('Accept self-signed certificates'),
    tlsVerifyHostname: t
      .bool()
      .default(true)
      .describe("Check that a certificate is for the server's name"),
    tlsCertPath: param(t.array(t.string()), { alias: 'tls_ca_cert_path' })
      .optional()
      .describe('Files of CA certificates to trust, PEM'),
    tlsClientCertPath: t.string().optional().describe('Own certificate, PEM, the whole chain'),
    tlsClientPrivateKeyPath: t.string().optional().describe('Private key of that, PEM'),
    tlsClientPrivateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
    tlsCertThumbprint: param(t.string(), {
      obsoleted: `for Windows only, ${notSupported}`,
    }).optional(),
    tlsCertLogicalStoreName: param(t.string(), {
      obsoleted: `for Windows only, ${notSupported}`,
    }).optional(),
    tlsCertUseEnterpriseStore: param(t.string(), {
      obsoleted: `for Windows only, ${notSupported}`,
    }).optional(),
    retryTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe(
        'Seconds after which events that no server took are refused to their sender; behind a buffer, whose retry_* go on from there, as soon as no server is available',
      ),
    chunkLimitSize: t
      .size({ min: 1 })
      .default(mib)
      .describe('Size up to which streams of one tag are joined while they wait'),
    queueLimitSize: t
      .size({ min: 1 })
      .default(256 * mib)
      .describe('Bytes that may wait or be under way; more are refused to their sender'),
    chunksInFlight: t
      .integer({ min: 1 })
      .default(16)
      .describe('Chunks under way on one connection at a time'),
  },
  sections: {
    servers: { section: serverSection, multiple: true },
    security: { section: securitySection },
    serviceDiscovery: {
      raw: 'service_discovery',
      multiple: true,
      description: 'A plugin that finds servers, and tells when they change: static, file, srv.',
    },
  },
  check: (value, context) => {
    const [secondary] = context.element.children('secondary') as (ConfigElement | undefined)[];
    // With a <buffer> it is the buffer's.
    if (secondary !== undefined && context.element.children('buffer').length === 0) {
      throw secondary.error('<secondary> needs a <buffer>: it takes what that gives up', {
        hint: 'add <buffer>, or give a <server> with standby true',
      });
    }
    if (value.dnsRoundRobin && value.heartbeatType === 'udp') {
      throw context.error(
        'dnsRoundRobin',
        'dns_round_robin does not go with heartbeat_type udp',
        'use heartbeat_type transport or none',
      );
    }
    if (!supportedCompressions().includes(value.compress) && value.compress !== 'text') {
      throw context.error(
        'compress',
        `compress ${value.compress}: this version of Node has no ${value.compress}`,
        'zstd needs Node 22.15 or later; gzip works everywhere',
      );
    }
    checkServers(value, context);
    if (value.keepChunkId && !value.requireAckResponse) {
      context.log?.warn({}, 'keep_chunk_id has no effect without require_ack_response true');
    }
    if (value.keepaliveTimeout !== undefined && !value.keepalive) {
      context.log?.warn({}, 'keepalive_timeout has no effect without keepalive true');
    }
    if (value.heartbeatType === 'tcp') {
      context.log?.warn({}, 'heartbeat_type tcp is deprecated, use transport');
    }
    checkSecurity(value, context);
    checkTls(value, context);
  },
});

type Value = ForwardOutputConfig;
type Context = Parameters<NonNullable<typeof forwardOutputSection.schema.check>>[1];

function checkServers(value: Value, context: Context): void {
  // What a service discovery will find is not known yet.
  if (value.serviceDiscovery.length > 0) return;
  if (value.servers.length === 0) {
    throw context.error(
      undefined,
      'a <server> or a <service_discovery> is required',
      'add <server> with host, and port where it is not 24224',
    );
  }
  if (value.servers.every(({ weight, standby }) => weight === 0 || standby)) {
    throw context.error(
      undefined,
      'no <server> would be used: each has weight 0 or is a standby',
      'leave standby out of one',
    );
  }
}

function checkSecurity(value: Value, context: Context): void {
  for (const server of value.servers) {
    if ((server.username === undefined) !== (server.password === undefined)) {
      throw context.error(undefined, `<server> ${server.host}: username and password go together`);
    }
    if (value.security !== undefined) continue;
    if (server.sharedKey !== undefined || server.username !== undefined) {
      throw context.error(
        undefined,
        `<server> ${server.host} has a shared_key or a username, but <security> is missing`,
        'add <security> with self_hostname and shared_key',
      );
    }
  }
}

function checkTls(value: Value, context: Context): void {
  if ((value.tlsClientCertPath === undefined) !== (value.tlsClientPrivateKeyPath === undefined)) {
    throw context.error(
      value.tlsClientCertPath === undefined ? 'tlsClientPrivateKeyPath' : 'tlsClientCertPath',
      'tls_client_cert_path and tls_client_private_key_path go together',
    );
  }
  if (value.transport === 'tls') return;
  const given =
    value.tlsCertPath ?? value.tlsClientCertPath ?? value.tlsVersion ?? value.tlsCiphers;
  if (given !== undefined || value.tlsInsecureMode || value.tlsAllowSelfSignedCert) {
    context.log?.warn({}, 'the tls_ parameters have no effect without transport tls');
  }
}

/** What the section is read into. */
export type ForwardOutputConfig = SectionOf<typeof forwardOutputSection>;
/** What a `<server>` is read into. */
export type ForwardServerConfig = ForwardOutputConfig['servers'][number];
