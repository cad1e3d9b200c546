import { defineSection, param, t, type SectionOf } from '@sluice/config';
import { transportSectionOf } from '@sluice/plugin';

const mib = 1024 * 1024;

/** `<source> @type syslog`, with Fluentd's names and defaults. */
export const syslogSection = defineSection({
  name: 'source',
  description: 'Receives syslog over UDP, TCP or TLS: TAG.FACILITY.SEVERITY.',
  params: {
    tag: t.string().describe('What the tags begin with; facility and severity follow'),
    port: t
      .integer({ min: 0, max: 65_535 })
      .default(5140)
      .describe('The port to listen on; 0 takes a free one'),
    bind: t.string().default('0.0.0.0').describe('The address to listen on'),
    format: t.string().optional().describe("Fluentd's old way of <parse>'s @type"),
    protocolType: param(t.enum(['udp', 'tcp']).optional(), {
      name: 'protocol_type',
      deprecated: 'use <transport>',
    }),
    frameType: t
      .enum(['traditional', 'octet_count'])
      .default('traditional')
      .describe('Over TCP: a delimiter behind each message, or its length in front of it'),
    delimiter: t.string().default('\n').describe('What ends each message over TCP'),
    messageLengthLimit: t
      .size({ min: 1, max: 65_535 })
      .default(2048)
      .describe('Bytes of one datagram; longer ones are cut'),
    frameLengthLimit: t
      .size({ min: 1 })
      .default(mib)
      .describe('Bytes of one message over TCP; longer ones are left out (Fluentd: no limit)'),
    severityKey: t.string().optional().describe('Field that gets the severity, such as err'),
    priorityKey: param(t.string().optional(), {
      name: 'priority_key',
      deprecated: 'use severity_key',
    }),
    facilityKey: t.string().optional().describe('Field that gets the facility, such as daemon'),
    sourceAddressKey: t.string().optional().describe("Field that gets the peer's address"),
    sourceHostnameKey: t.string().optional().describe("Field that gets the peer's name"),
    resolveHostname: t.bool().optional().describe("Look up peers' names"),
    includeSourceHost: param(t.bool().default(false), {
      name: 'include_source_host',
      deprecated: 'use source_address_key',
    }),
    sourceHostKey: t
      .string()
      .default('source_host')
      .describe('Field of include_source_host, which gets the address'),
    emitUnmatchedLines: t
      .bool()
      .default(false)
      .describe('Emit what does not parse as TAG.unmatched, in the field unmatched_line'),
    blockingTimeout: t
      .time()
      .default(0.5)
      .describe("How often Fluentd's event loop wakes up; it makes no difference here"),
    sendKeepalivePacket: t.bool().default(false).describe('Use the keep-alive of TCP'),
  },
  sections: {
    parse: { raw: 'parse', description: 'How messages become records (default: @type syslog).' },
    transport: { section: transportSectionOf('udp', 'tcp', 'tls'), init: true },
  },
  check: (value, context) => {
    if (value.tag === '') throw context.error('tag', 'tag must not be empty', 'write tag NAME');
    if (value.delimiter === '') throw context.error('delimiter', 'delimiter must not be empty');
    if (value.sendKeepalivePacket && protocolOf(value) === 'udp') {
      throw context.error('sendKeepalivePacket', 'send_keepalive_packet is for tcp and tls');
    }
    if (value.includeSourceHost && value.sourceAddressKey !== undefined) {
      throw context.error(
        'sourceAddressKey',
        'source_address_key does not go with include_source_host',
        'leave include_source_host out',
      );
    }
    if (value.sourceHostnameKey !== undefined && value.resolveHostname === false) {
      throw context.error(
        'resolveHostname',
        'resolve_hostname false does not go with source_hostname_key',
        'leave resolve_hostname out',
      );
    }
  },
});

/** What the section is read into. */
export type SyslogConfig = SectionOf<typeof syslogSection>;

/** The protocol that the file asks for. */
export function protocolOf({
  protocolType,
  transport,
}: Pick<SyslogConfig, 'protocolType' | 'transport'>): 'udp' | 'tcp' | 'tls' {
  return protocolType ?? transport.protocol;
}
