import { defineSection, secret, t, type SectionOf } from '@sluice/config';
import { checkClient, clientParams, transportSection } from '@sluice/plugin';

const mib = 1024 * 1024;

const userSection = defineSection({
  name: 'user',
  description: 'A user that may connect where user_auth is on.',
  unknown: 'error',
  params: {
    username: t.string().describe('Name of the user'),
    password: secret(t.string()).describe('Password of the user'),
  },
});

const clientSection = defineSection({
  name: 'client',
  description: 'Peers with a shared key or users of their own.',
  unknown: 'error',
  params: {
    ...clientParams,
    sharedKey: secret(t.string()).optional().describe('Shared key of these peers'),
    users: t.array(t.string()).default([]).describe('Names of the users that may come from here'),
  },
  check: checkClient,
});

const securitySection = defineSection({
  name: 'security',
  description: 'The handshake: peers show that they know the shared key before they may send.',
  // A protection that is spelled wrong must not be missing in silence.
  unknown: 'error',
  params: {
    selfHostname: t.string().describe('The name that this server tells its peers'),
    sharedKey: secret(t.string()).describe('The key that both sides know'),
    userAuth: t.bool().default(false).describe('Ask for a user and password too'),
    allowAnonymousSource: t
      .bool()
      .default(true)
      .describe('Whether peers that match no <client> may connect'),
  },
  sections: {
    users: { section: userSection, multiple: true },
    clients: { section: clientSection, multiple: true },
  },
  check: (value, context) => {
    if (value.userAuth && value.users.length === 0) {
      throw context.error('userAuth', 'user_auth needs at least one <user>', 'add <user> sections');
    }
    if (!value.allowAnonymousSource && value.clients.length === 0) {
      throw context.error(
        'allowAnonymousSource',
        'allow_anonymous_source false needs at least one <client>',
        'add <client> sections, or nobody could connect',
      );
    }
  },
});

/** The parameters of `<source> @type forward`, with Fluentd's names and defaults. */
export const forwardSection = defineSection({
  name: 'source',
  description: "Receives events from Fluentd's forward protocol: Fluentd, Fluent Bit, clients.",
  params: {
    port: t.integer({ min: 0, max: 65_535 }).default(24_224).describe('The port to listen on'),
    bind: t.string().default('0.0.0.0').describe('The address to listen on'),
    backlog: t
      .integer({ min: 1 })
      .optional()
      .describe('Length of the queue of pending connections'),
    lingerTimeout: t.time().optional().describe('Deprecated, use linger_timeout in <transport>'),
    resolveHostname: t.bool().optional().describe("Look up peers' names"),
    denyKeepalive: t
      .bool()
      .default(false)
      .describe('Close each connection after its first message'),
    sendKeepalivePacket: t.bool().default(false).describe('TCP keep-alive on connections'),
    chunkSizeWarnLimit: t.size().optional().describe('Warn of messages larger than this'),
    chunkSizeLimit: t.size().optional().describe('Drop messages larger than this, with a warning'),
    tagSizeLimit: t
      .size({ min: 1 })
      .default(1024)
      .describe('Drop messages with a longer tag, with a warning'),
    jsonSizeLimit: t
      .size({ min: 1 })
      .default(16 * mib)
      .describe('Drop messages in JSON that are larger than this, with a warning'),
    eventSizeLimit: t
      .size({ min: 1 })
      .default(16 * mib)
      .describe('Drop messages with an event that is larger than this, with a warning'),
    decompressionSizeLimit: t
      .size({ min: 1 })
      .default(256 * mib)
      .describe('Drop messages whose payload is larger than this when decompressed'),
    skipInvalidEvent: t
      .bool()
      .default(true)
      .describe('Drop invalid entries and keep the rest; false drops the whole message'),
    sourceAddressKey: t.string().optional().describe("Adds the peer's address to each record"),
    sourceHostnameKey: t.string().optional().describe("Adds the peer's name to each record"),
    tag: t.string().optional().describe('Tag in place of the one that came'),
    addTagPrefix: t.string().optional().describe('Put in front of the tag, with a dot'),
    handshakeTimeout: t
      .time({ min: 0.001 })
      .default(10)
      .describe('Seconds that a peer has for the TLS handshake, and for PING after HELO'),
    inFlightLimit: t
      .size({ min: 1 })
      .default(16 * mib)
      .describe('Bytes of one connection that outputs have not kept yet; more are not read'),
    totalInFlightLimit: t
      .size({ min: 1 })
      .default(192 * mib)
      .describe('What all connections share: messages that are not kept yet, or unfinished'),
    unreadAckLimit: t
      .size({ min: 1 })
      .default(64 * 1024)
      .describe('Bytes of acks that a peer may leave unread; beyond, its connection is not read'),
    sendTimeout: t
      .time({ min: 0 })
      .default(60)
      .describe('Close a connection whose peer takes no ack for this long, in seconds (0: never)'),
    messageTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe(
        'Close a connection of whose unfinished message neither 64 KiB nor the end comes in this time',
      ),
    firstByteTimeout: t
      .time({ min: 0 })
      .default(600)
      .describe(
        'Close a connection that has never sent anything after this long, in seconds (0: never)',
      ),
    idleTimeout: t
      .time({ min: 0 })
      .default(86_400)
      .describe('Close a connection that is silent for this long, in seconds (0: never)'),
    maxConnections: t
      .integer({ min: 1 })
      .default(16_384)
      .describe('Connections at one time; more are refused'),
    maxConnectionsPerAddress: t
      .integer({ min: 0 })
      .default(4096)
      .describe('Connections at one time from one address; 0: no limit'),
    unixPath: t.string().optional().describe('Listen on this Unix socket instead of a port'),
    unixPerm: t.string().optional().describe('Permissions of the Unix socket, octal: 0660'),
  },
  sections: {
    transport: { section: transportSection, init: true },
    security: { section: securitySection },
  },
  check: (value, context) => {
    if (value.tag === '') {
      throw context.error('tag', 'tag must not be empty', 'leave it out to keep the tag that came');
    }
    if (value.addTagPrefix === '') {
      throw context.error('addTagPrefix', 'add_tag_prefix must not be empty', 'leave it out');
    }
    if (value.sourceHostnameKey !== undefined && value.resolveHostname === false) {
      throw context.error(
        'resolveHostname',
        'resolve_hostname false does not go with source_hostname_key',
        'leave resolve_hostname out: source_hostname_key turns it on',
      );
    }
    if (value.unixPath !== undefined && value.transport.protocol === 'tls') {
      throw context.error(
        'unixPath',
        'unix_path does not go with <transport tls>',
        'leave one of them out: a Unix socket does not leave the machine',
      );
    }
    if (value.unixPath === undefined && value.unixPerm !== undefined) {
      throw context.error('unixPerm', 'unix_perm needs unix_path', 'leave it out');
    }
    if (value.unixPerm !== undefined && !/^0?[0-7]{3}$/.test(value.unixPerm)) {
      throw context.error('unixPerm', 'unix_perm must be octal digits', 'for instance 0660');
    }
    if (value.sendKeepalivePacket && value.denyKeepalive) {
      throw context.error(
        'sendKeepalivePacket',
        'send_keepalive_packet does not go with deny_keepalive',
        'leave one of them out',
      );
    }
  },
});

/** What the section is read into. */
export type ForwardConfig = SectionOf<typeof forwardSection>;
