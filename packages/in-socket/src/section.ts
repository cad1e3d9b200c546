import { defineSection, param, t, type CheckContext } from '@sluice/config';
import { extractSection } from '@sluice/formats';
import { checkClient, clientParams, transportSection, transportSectionOf } from '@sluice/plugin';

const mib = 1024 * 1024;

/** The parameters that both have, with Fluentd's names and defaults. */
function commonParams(port: number) {
  return {
    tag: t.string().describe('Tag of the events'),
    port: t
      .integer({ min: 0, max: 65_535 })
      .default(port)
      .describe('The port to listen on; 0 takes a free one'),
    bind: t.string().default('0.0.0.0').describe('The address to listen on'),
    format: t.string().optional().describe("Fluentd's old way of <parse>'s @type"),
    sourceAddressKey: t.string().optional().describe("Field that gets the peer's address"),
    sourceHostnameKey: t.string().optional().describe("Field that gets the peer's name"),
    blockingTimeout: t
      .time()
      .default(0.5)
      .describe("How often Fluentd's event loop wakes up; it makes no difference here"),
    sourceHostKey: param(t.string().optional(), {
      name: 'source_host_key',
      deprecated: 'use source_hostname_key',
    }),
  };
}

const parse = {
  raw: 'parse',
  description: 'How texts become records, by @type.',
} as const;

function checkTag({ tag }: { readonly tag: string }, context: CheckContext): void {
  if (tag === '') throw context.error('tag', 'tag must not be empty', 'write tag NAME');
}

const client = defineSection({
  name: 'client',
  description: 'Peers that may connect.',
  unknown: 'error',
  params: clientParams,
  check: checkClient,
});

const security = defineSection({
  name: 'security',
  description: 'Who may connect; connections of all others are refused.',
  unknown: 'error',
  sections: { clients: { section: client, multiple: true, required: true } },
});

/** `<source> @type tcp`. */
export const tcpSection = defineSection({
  name: 'source',
  description: 'Receives texts over TCP or TLS, a delimiter behind each.',
  params: {
    ...commonParams(5170),
    delimiter: t.string().default('\n').describe('What ends each text'),
    messageLengthLimit: t
      .size({ min: 1 })
      .default(16 * mib)
      .describe('Bytes of one text; longer ones are left out (Fluentd: no limit)'),
    sendKeepalivePacket: t.bool().default(false).describe('Use the keep-alive of TCP'),
  },
  sections: {
    parse,
    extract: { section: extractSection },
    transport: { section: transportSection, init: true },
    security: { section: security },
  },
  check: (value, context) => {
    checkTag(value, context);
    if (value.delimiter === '') throw context.error('delimiter', 'delimiter must not be empty');
  },
});

/** `<source> @type udp`. */
export const udpSection = defineSection({
  name: 'source',
  description: 'Receives texts over UDP, one in each datagram.',
  params: {
    ...commonParams(5160),
    messageLengthLimit: t
      .size({ min: 1, max: 65_535 })
      .default(4096)
      .describe('Bytes of one text; longer ones are cut'),
    bodySizeLimit: param(t.size({ min: 1, max: 65_535 }).optional(), {
      name: 'body_size_limit',
      deprecated: 'use message_length_limit',
    }),
    removeNewline: t.bool().default(true).describe('Remove a line end at the end of the text'),
    receiveBufferSize: param(t.size({ min: 1 }).optional(), {
      name: 'receive_buffer_size',
      deprecated: 'use receive_buffer_size in <transport>',
    }),
  },
  sections: {
    parse,
    extract: { section: extractSection },
    transport: { section: transportSectionOf('udp'), init: true },
  },
  check: checkTag,
});
