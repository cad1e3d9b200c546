import { defineSection, secret, t, type SectionOf } from '@sluice/config';
import type { StreamOptions } from '@sluice/server';

const versions = ['TLSv1_1', 'TLSv1_2', 'TLSv1_3', 'TLS1_1', 'TLS1_2', 'TLS1_3'] as const;
const digests = ['sha1', 'sha256', 'sha384', 'sha512'] as const;

/** `<certificate>` in `<transport tls>`: one more certificate, chosen by the name asked for (SNI). */
const certificateSection = defineSection({
  name: 'certificate',
  description: 'One more certificate, served to clients that ask for one of its names (SNI).',
  params: {
    certPath: t.string().describe('Certificate file, PEM, the whole chain'),
    privateKeyPath: t.string().describe('Private key file, PEM'),
    privateKeyPassphrase: secret(t.string()).optional().describe('Passphrase of that key'),
    serverNames: t
      .array(t.string())
      .optional()
      .describe('Names it is served for; those in the certificate'),
  },
});

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
    clientCertAuth: t
      .bool()
      .optional()
      .describe('Require a certificate of every client; false, and true with cert_verifier'),
    certPaths: t.array(t.string()).optional().describe('More files of trusted CA certificates'),
    enableSystemCertStore: t.bool().default(false).describe("Trust the system's CAs as well"),
    allowSelfSignedCert: t.bool().default(false).describe('Let self-signed client certificates in'),
    fqdn: t.string().optional().describe("The server's name, also of a generated certificate"),
    verifyFqdn: t
      .bool()
      .default(false)
      .describe('Refuse to start when the certificate does not cover fqdn'),
    certVerifier: t.string().optional().describe('Module that judges each client certificate'),
    certVerifierTimeout: t.time().optional().describe('Seconds for one call of that module; 5'),
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
    alpnProtocols: t.array(t.string()).optional().describe('Protocols for ALPN, preferred first'),
    ticketSecretPath: t
      .string()
      .optional()
      .describe('File of 32 random bytes or more, from which session ticket keys are derived'),
    ticketRotation: t.time().optional().describe('Seconds between session ticket keys; 12h'),
    expiryWarningDays: t
      .integer({ min: 1 })
      .optional()
      .describe('Warn this many days before a certificate expires; 30'),
    watch: t.bool().default(true).describe('Load certificate files again when they change'),
    ensureFips: t.bool().default(false).describe('Refuse to start where FIPS mode is not on'),
  },
  sections: { certificates: { section: certificateSection, multiple: true } },
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
