import { supportedCompressions } from '@sluice/forward-protocol';
import { expect, test } from 'vitest';
import { readSection, server } from './support/servers.js';

test.each([
  ['', /a <server> or a <service_discovery> is required/],
  [`<secondary>\n@type file\n</secondary>\n${server(1)}`, /<secondary> needs a <buffer>/],
  [server(1, 'shared_key x'), /<security> is missing/],
  [
    `<security>\nself_hostname s\nshared_key k\nshared_kye k\n</security>\n${server(1)}`,
    /unknown parameter shared_kye in <security>/,
  ],
  [server(1, 'standby true'), /no <server> would be used/],
  [`dns_round_robin true\nheartbeat_type udp\n${server(1)}`, /dns_round_robin/],
  [`tls_client_cert_path x\n${server(1)}`, /go together/],
  [`tls_cert_thumbprint x\n${server(1)}`, /Windows/],
])('refuses %j', (text, message) => {
  expect(() => readSection(text)).toThrow(message);
});

test.skipIf(supportedCompressions().includes('zstd'))(
  'compress zstd is refused where Node has none',
  () => {
    expect(() => readSection(`compress zstd\n${server(1)}`)).toThrow(
      /this version of Node has no zstd/,
    );
  },
);

test("has Fluentd's defaults", () => {
  expect(readSection(server(1))).toMatchObject({
    requireAckResponse: false,
    ackResponseTimeout: 190,
    compress: 'text',
    keepalive: false,
    heartbeatType: 'transport',
    heartbeatInterval: 1,
    phiThreshold: 16,
    hardTimeout: 60,
    recoverWait: 10,
    sendTimeout: 60,
    tlsVerifyHostname: true,
    servers: [{ weight: 60, standby: false }],
  });
});
