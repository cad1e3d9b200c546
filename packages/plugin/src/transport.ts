import { defineSection, secret, t, type SectionOf } from '@sluice/config';
import type { StreamOptions } from '@sluice/server';

const versions = ['TLSv1_1', 'TLSv1_2', 'TLSv1_3', 'TLS1_1', 'TLS1_2', 'TLS1_3'] as const;
const digests = ['sha1', 'sha256', 'sha384', 'sha512'] as const;

/**
 * The `<transport tcp>` or `<transport tls>` section, with Fluentd's parameters and those of the
 * server helper's document. A plugin names it among its sections:
 * `sections: { transport: { section: transportSection, init: true } }`.
 */
export const transportSection = defineSection({
  name: 'transport',
  description: 'How bytes come in: plain TCP or TLS, and the options of both.',
  argument: {
    protocol: t.enum(['tcp', 'tls']).default('tcp').describe('tcp or tls'),
  },
  params: {
    lingerTimeout: t
      .time()
      .default(0)
      .describe('Seconds to wait on close for unsent data; 0 resets the connection (RST)'),
    version: t.enum(versions).optional().describe('The one TLS version to speak'),
    minVersion: t.enum(versions).optional().describe('The lowest TLS version, with max_version'),
    maxVersion: t.enum(versions).optional().describe('The highest TLS version, with min_version'),
    ciphers: t.string().optional().describe("Cipher list in OpenSSL's syntax"),
    insecure: t.bool().default(false).describe('Serve with a certificate made for this run only'),
    caPath: t.string().optional().describe('CA file that client certificates are checked with'),
    certPath: t.string().optional().describe('Certificate file, PEM, the whole chain'),
    privateKeyPath: t.string().optional().describe('Private key file, PEM'),
    privateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
    clientCertAuth: t.bool().default(false).describe('Require a certificate of every client'),
    certPaths: t.array(t.string()).optional().describe('More files of trusted CA certificates'),
    enableSystemCertStore: t.bool().default(false).describe("Trust the system's CAs as well"),
    allowSelfSignedCert: t.bool().default(false).describe('Let self-signed client certificates in'),
    fqdn: t.string().optional().describe("The server's name, also of a generated certificate"),
    verifyFqdn: t
      .bool()
      .default(false)
      .describe('Refuse to start when the certificate does not cover fqdn'),
    certVerifier: t.string().optional().describe('Module that judges each client certificate'),
    caCertPath: t.string().optional().describe('CA certificate that signs a generated one'),
    caPrivateKeyPath: t.string().optional().describe('Private key of that CA'),
    caPrivateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
    generatePrivateKeyType: t
      .enum(['rsa', 'ecdsa'])
      .optional()
      .describe('Type of a generated key; rsa'),
    generatePrivateKeyLength: t
      .integer({ min: 256, max: 16_384 })
      .optional()
      .describe('Bits of a generated key; 2048'),
    generateCertCountry: t.string().optional().describe('Country of a generated certificate; US'),
    generateCertState: t.string().optional().describe('State of a generated certificate; CA'),
    generateCertLocality: t
      .string()
      .optional()
      .describe('Locality of a generated certificate; Mountain View'),
    generateCertCommonName: t
      .string()
      .optional()
      .describe('Common name of a generated certificate; the host name'),
    generateCertExpiration: t
      .time()
      .optional()
      .describe('Life of a generated certificate in seconds; 10 years'),
    generateCertDigest: t
      .enum(digests)
      .optional()
      .describe('Digest of a generated certificate; sha256'),
    ensureFips: t.bool().default(false).describe('Refuse to start where FIPS mode is not on'),
  },
});

/** What a `<transport>` section is read into. */
export type Transport = SectionOf<typeof transportSection>;

/** The options for `servers.create` and `servers.createConnection` that the section stands for. */
export function transportOptions(
  transport: Transport,
): Pick<StreamOptions, 'proto' | 'lingerTimeout' | 'tlsOptions'> {
  const { protocol, lingerTimeout, ...tlsOptions } = transport;
  return protocol === 'tls'
    ? { proto: 'tls', lingerTimeout, tlsOptions }
    : { proto: 'tcp', lingerTimeout };
}
