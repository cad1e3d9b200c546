import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readmeExamples, runReadmeExamples } from '../../../tools/readme-examples.mjs';

const readme = new URL('../README.md', import.meta.url);

test('the examples of the README print what it says', { timeout: 60_000 }, async () => {
  const outputs = await runReadmeExamples(readme);
  const promised = readmeExamples(readme).filter(({ lang }) => lang === 'text');
  expect(outputs).toHaveLength(6);
  expect(outputs).toEqual(promised.map(({ code }) => code));
});

test('the README names every option and every Ruby name of the document', () => {
  const text = readFileSync(readme, 'utf8');
  const names = [
    ...['title', 'port', 'proto:', 'bind:', 'shared:', 'socket:', 'backlog:', 'tls_options:'],
    ...['max_bytes:', 'flags:', 'version', 'ciphers', 'insecure', 'cert_verifier', 'verify_fqdn'],
    ...['fqdn', 'enable_system_cert_store', 'allow_self_signed_cert', 'cert_paths'],
    ...['resolve_name:', 'connect:', 'nonblock:', 'linger_timeout:', 'recv_timeout:'],
    ...['send_timeout:', 'send_keepalive_packet:', 'server_create', 'server_create_connection'],
    ...['remote_host', 'remote_port', 'remote_addr', 'close_after_write_complete', 'ca_path'],
    ...['cert_path', 'private_key_path', 'private_key_passphrase', 'client_cert_auth'],
    ...['ca_cert_path', 'ca_private_key_path', 'ca_private_key_passphrase'],
  ];
  for (const name of names) expect(text).toContain(name);
});

test("the map of Fluentd's server tests names tests that are there", () => {
  const map = readFileSync(new URL('../../../docs/server-tests.md', import.meta.url), 'utf8');
  const named = [...map.matchAll(/`((?:tls\/)?[\w-]+\.test\.ts)`: "([^"]+)"/g)];
  expect(named.length).toBeGreaterThan(30);
  for (const [, file, title] of named) {
    const place = file.startsWith('tls/') ? file.replace('tls/', '../../tls/test/') : file;
    expect(readFileSync(new URL(place, import.meta.url), 'utf8'), file).toContain(title);
  }
});
