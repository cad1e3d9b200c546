import {
  defineSection,
  param,
  secret,
  t,
  type CheckContext,
  type ConfigElement,
  type SectionOf,
} from '@sluice/config';
import { hostOf, isTemplate } from './endpoint.js';

const versions = ['TLSv1_1', 'TLSv1_2', 'TLSv1_3', 'TLS1_1', 'TLS1_2', 'TLS1_3'] as const;
const seconds = () => t.time({ min: 0.001 });

const authSection = defineSection({
  name: 'auth',
  description: 'How the server knows us.',
  params: {
    method: t.enum(['basic', 'aws_sigv4']).default('basic').describe('basic'),
    username: t.string().optional().describe('User name of method basic'),
    password: secret(t.string()).optional().describe('Its password'),
  },
  check: ({ method, username }, context) => {
    if (method === 'aws_sigv4') {
      throw context.error(
        'method',
        'aws_sigv4 is not supported',
        'take method basic, headers, or a proxy that signs requests',
      );
    }
    if (username === undefined) throw context.error(undefined, 'username is required in <auth>');
  },
});

/** `<match> @type http`, with Fluentd's names and defaults. */
export const httpOutputSection = defineSection({
  name: 'match',
  description: 'Sends events by HTTP: one request for each chunk.',
  params: {
    endpoint: t.string().describe('The URL, with placeholders: http://example.com/${tag}'),
    httpMethod: t.enum(['post', 'put']).default('post').describe('post or put'),
    proxy: param(t.string(), { obsoleted: 'a proxy is not supported here' }).optional(),
    contentType: t
      .string()
      .optional()
      .describe('Content-Type of requests (default: as <format> has it)'),
    jsonArray: t.bool().default(false).describe('With <format> json: one array in each request'),
    headers: t.hash(t.string()).default({}).describe('Further headers, as JSON'),
    headersFromPlaceholders: t
      .hash(t.string())
      .default({})
      .describe('Further headers whose values have placeholders, as JSON'),
    compress: t.enum(['text', 'gzip']).default('text').describe('Compress each request'),
    allowedHosts: t
      .array(t.string())
      .default([])
      .describe('Where the host of endpoint has placeholders: the hosts that it may become'),
    openTimeout: seconds().default(60).describe('Seconds to connect'),
    readTimeout: seconds().default(60).describe('Seconds to wait for the answer'),
    sslTimeout: seconds().default(60).describe('Seconds for the TLS handshake'),
    reuseConnections: t.bool().default(false).describe('Keep connections for further requests'),
    tlsCaCertPath: t.string().optional().describe('File of CA certificates to trust, PEM'),
    tlsClientCertPath: t.string().optional().describe('Own certificate, PEM, the whole chain'),
    tlsPrivateKeyPath: t.string().optional().describe('Private key of that, PEM'),
    tlsPrivateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
    tlsVerifyMode: t.enum(['none', 'peer']).default('peer').describe('none verifies nothing'),
    tlsVersion: t
      .enum(versions)
      .optional()
      .describe('The one TLS version to speak (default: 1.2 and 1.3)'),
    tlsCiphers: t.string().optional().describe("Cipher list in OpenSSL's syntax"),
    errorResponseAsUnrecoverable: t
      .bool()
      .default(true)
      .describe(
        'Give events up whose request is refused; false drops them with an error in the log',
      ),
    retryableResponseCodes: t
      .array(t.integer({ min: 100, max: 599 }))
      .default([503])
      .describe('Statuses after which the events are sent again'),
    recoverWait: t
      .time()
      .default(10)
      .describe('With <service_discovery>: seconds for which a server that failed is left out'),
  },
  sections: {
    format: { raw: 'format', description: 'How events are written (default: @type json).' },
    auth: { section: authSection },
    serviceDiscovery: {
      raw: 'service_discovery',
      multiple: true,
      description: 'Finds servers that take turns, in place of the host and port of endpoint.',
    },
  },
  check: (value, context) => {
    checkEndpoint(value, context);
    if (value.jsonArray && formatOf(context.element) !== 'json') {
      throw context.error('jsonArray', 'json_array is for <format> json', 'leave it out');
    }
    if ((value.tlsClientCertPath === undefined) !== (value.tlsPrivateKeyPath === undefined)) {
      throw context.error(
        value.tlsClientCertPath === undefined ? 'tlsPrivateKeyPath' : 'tlsClientCertPath',
        'tls_client_cert_path and tls_private_key_path go together',
      );
    }
  },
});

/** What the section is read into. */
export type HttpOutputConfig = SectionOf<typeof httpOutputSection>;

/** The type of `<format>`. */
export function formatOf(element: ConfigElement): string {
  const [format] = element.children('format') as (ConfigElement | undefined)[];
  return format?.type ?? 'json';
}

function checkEndpoint(
  { endpoint, allowedHosts, serviceDiscovery }: HttpOutputConfig,
  context: CheckContext,
): void {
  const host = hostOf(endpoint);
  if (host === undefined) {
    throw context.error(
      'endpoint',
      `${JSON.stringify(endpoint)} is not a URL of http or https`,
      'write http://example.com/path',
    );
  }
  if (isTemplate(host) && allowedHosts.length === 0 && serviceDiscovery.length === 0) {
    throw context.error(
      'endpoint',
      'allowed_hosts is required where the host has placeholders: senders would choose it',
      'list the hosts in allowed_hosts',
    );
  }
}
