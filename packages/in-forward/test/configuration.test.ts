import { expect, test } from 'vitest';
import { readSection } from './support/input.js';

const security = (text: string) =>
  `<security>\nself_hostname s\nshared_key k\n${text}\n</security>`;

test("the defaults are Fluentd's", () => {
  expect(readSection('port 24224')).toMatchObject({
    port: 24_224,
    denyKeepalive: false,
    sendKeepalivePacket: false,
    decompressionSizeLimit: 256 * 1024 * 1024,
    skipInvalidEvent: true,
    security: undefined,
    transport: { protocol: 'tcp', lingerTimeout: 0 },
  });
  expect(readSection(security('')).security).toMatchObject({
    userAuth: false,
    allowAnonymousSource: true,
    users: [],
    clients: [],
  });
});

test.each([
  ['tag ""', /tag must not be empty/],
  ['add_tag_prefix ""', /add_tag_prefix must not be empty/],
  ['source_hostname_key h\nresolve_hostname false', /resolve_hostname false does not go with/],
  ['send_keepalive_packet true\ndeny_keepalive true', /does not go with deny_keepalive/],
  [security('user_auth true'), /user_auth needs at least one <user>/],
  [security('allow_anonymous_source false'), /needs at least one <client>/],
  [security('<client>\n</client>'), /either host or network/],
  [security('<client>\nhost a\nnetwork 10.0.0.0\n</client>'), /either host or network/],
  [security('<client>\nnetwork 10.0.0.0\\/33\n</client>'.replace('\\', '')), /is not a network/],
  ['<security>\nshared_key k\n</security>', /self_hostname/],
  ['<security>\nself_hostname s\n</security>', /shared_key/],
  [security('user_aut true'), /unknown parameter user_aut in <security>[^]*did you mean user_auth/],
  [
    security('<user>\nusername u\npassword p\nnetwrk x\n</user>'),
    /unknown parameter netwrk in <user>/,
  ],
  [
    security('<client>\nhost a\nshared_kye k\n</client>'),
    /unknown parameter shared_kye in <client>[^]*did you mean shared_key/,
  ],
  ['unix_path /x\n<transport tls>\n</transport>', /does not go with <transport tls>/],
  ['unix_perm 0660', /needs unix_path/],
  ['unix_path /x\nunix_perm 99', /must be octal/],
  ['port 70000', /port/],
])('%j is an error', (text, message) => {
  let error: unknown;
  try {
    readSection(text);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ name: 'ConfigError', file: 'test.conf' });
  expect((error as { format(): string }).format()).toMatch(message);
});
