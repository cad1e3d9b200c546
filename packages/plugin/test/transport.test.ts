import { parseConfig } from '@sluice/config';
import { expect, test } from 'vitest';
import { transportOptions, transportSection } from '../src/index.js';

function read(text: string) {
  return transportOptions(transportSection.read(parseConfig(text).elements[0]));
}

test('tcp has the linger time-out only', () => {
  expect(read('<transport>\n</transport>')).toEqual({ proto: 'tcp', lingerTimeout: 0 });
  expect(read('<transport tcp>\n linger_timeout 1m\n</transport>')).toEqual({
    proto: 'tcp',
    lingerTimeout: 60,
  });
});

test('tls hands every parameter on in camelCase', () => {
  const { proto, lingerTimeout, tlsOptions } = read(`<transport tls>
    linger_timeout 2
    version TLSv1_3
    cert_path /certs/server.pem
    private_key_path /certs/server.key
    private_key_passphrase "a secret"
    client_cert_auth true
    generate_cert_expiration 1d
  </transport>`);
  expect({ proto, lingerTimeout }).toEqual({ proto: 'tls', lingerTimeout: 2 });
  expect(tlsOptions).toMatchObject({
    version: 'TLSv1_3',
    certPath: '/certs/server.pem',
    privateKeyPath: '/certs/server.key',
    privateKeyPassphrase: 'a secret',
    clientCertAuth: true,
    generateCertExpiration: 86_400,
    insecure: false,
  });
});

test('what Fluentd has not is there as well', () => {
  const { tlsOptions } = read(`<transport tls>
    cert_path a.pem
    private_key_path a.key
    cert_verifier /verify.mjs
    cert_verifier_timeout 2s
    alpn_protocols fluent/1,fluent/2
    ticket_secret_path /secret
    ticket_rotation 6h
    <certificate>
      cert_path b.pem
      private_key_path b.key
      server_names b.example,*.b.example
    </certificate>
  </transport>`);
  expect(tlsOptions).toMatchObject({
    clientCertAuth: undefined, // so that the verifier turns it on
    certVerifier: '/verify.mjs',
    certVerifierTimeout: 2,
    alpnProtocols: ['fluent/1', 'fluent/2'],
    ticketSecretPath: '/secret',
    ticketRotation: 21_600,
    watch: true,
    certificates: [
      { certPath: 'b.pem', privateKeyPath: 'b.key', serverNames: ['b.example', '*.b.example'] },
    ],
  });
});

test('a protocol that plugins cannot listen on is refused with its place', () => {
  expect(() => read('<transport quic>\n</transport>')).toThrow(/expected one of tcp, tls/);
});
