import { defineSection, param, t, type SectionOf } from '@sluice/config';
import { transportSection } from '@sluice/plugin';

const mib = 1024 * 1024;

/** `<source> @type http`, with Fluentd's names and defaults. */
export const httpSection = defineSection({
  name: 'source',
  description: 'Receives events over HTTP and HTTPS; the path is the tag.',
  params: {
    port: t
      .integer({ min: 0, max: 65_535 })
      .default(9880)
      .describe('The port to listen on; 0 takes a free one'),
    bind: t.string().default('0.0.0.0').describe('The address to listen on'),
    backlog: t.integer({ min: 1 }).optional().describe('Length of the queue of connections'),
    bodySizeLimit: t
      .size({ min: 1 })
      .default(32 * mib)
      .describe('Bytes of a body as it comes; larger ones are refused with 413'),
    decompressionSizeLimit: t
      .size({ min: 1 })
      .default(256 * mib)
      .describe('Bytes of a body when decompressed; larger ones are refused with 413'),
    keepaliveTimeout: t
      .time({ min: 0.001 })
      .default(10)
      .describe('Close a connection of which no byte comes for this long, in seconds'),
    requestTimeout: t
      .time({ min: 0.001 })
      .default(300)
      .describe('Seconds within which a request has to come whole, or it is refused with 408'),
    inFlightLimit: t
      .size({ min: 1 })
      .default(64 * mib)
      .describe('Bytes of all bodies that are not kept yet; more are refused with 503'),
    maxConnections: t
      .integer({ min: 1 })
      .default(16_384)
      .describe('Connections at one time; more are refused'),
    maxConnectionsPerAddress: t
      .integer({ min: 0 })
      .default(4096)
      .describe('Connections at one time from one address; 0: no limit'),
    addHttpHeaders: t
      .bool()
      .default(false)
      .describe('Add the headers to each record, as HTTP_USER_AGENT and so on'),
    addRemoteAddr: t
      .bool()
      .default(false)
      .describe('Add REMOTE_ADDR to each record: of X-Forwarded-For, or of the connection'),
    addQueryParams: t
      .bool()
      .default(false)
      .describe('Add the parameters of the query to each record, as QUERY_NAME'),
    addTagPrefix: t.string().optional().describe('Put in front of the tag, with a dot'),
    corsAllowOrigins: t
      .array(t.string())
      .optional()
      .describe('Origins whose pages may post: *, https://example.org or https://*.example.org'),
    corsAllowCredentials: t
      .bool()
      .default(false)
      .describe('Such pages may send cookies and the like'),
    respondWithEmptyImg: t
      .bool()
      .default(false)
      .describe('Answer with an empty image of 1x1 pixel'),
    use204Response: param(t.bool().default(false), { name: 'use_204_response' }).describe(
      'Answer with status 204 in place of 200',
    ),
    dumpErrorLog: t.bool().default(true).describe('Log why a request was refused'),
    format: t.string().optional().describe("Fluentd's old way of <parse>'s @type"),
    blockingTimeout: t
      .time()
      .default(0.5)
      .describe("How often Fluentd's event loop wakes up; it makes no difference here"),
  },
  sections: {
    parse: {
      raw: 'parse',
      description:
        'How bodies become records (default: @type in_http, JSON, NDJSON, MessagePack and forms).',
    },
    transport: { section: transportSection, init: true },
  },
  check: (value, context) => {
    if (value.addTagPrefix === '') {
      throw context.error('addTagPrefix', 'add_tag_prefix must not be empty', 'leave it out');
    }
    const origins = value.corsAllowOrigins;
    if (value.corsAllowCredentials && (origins === undefined || origins.includes('*'))) {
      throw context.error(
        'corsAllowCredentials',
        'cors_allow_credentials needs cors_allow_origins without *',
        'name the origins in cors_allow_origins',
      );
    }
    const wrong = origins?.find((origin) => origin.split('*').length > 2);
    if (wrong !== undefined) {
      throw context.error(
        'corsAllowOrigins',
        `${JSON.stringify(wrong)} has more than one *`,
        'write https://*.example.org',
      );
    }
  },
});

/** What the section is read into. */
export type HttpConfig = SectionOf<typeof httpSection>;
