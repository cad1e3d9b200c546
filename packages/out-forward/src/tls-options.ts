import type { ClientTlsOptions } from '@sluice/tls';
import type { Output } from '@sluice/plugin';
import type { ForwardOutputConfig } from './section.js';

/** The `tls_` parameters as `@sluice/tls` takes them. */
export function tlsOptions(config: ForwardOutputConfig, { log, id }: Output): ClientTlsOptions {
  const { tlsVersion, tlsCiphers, tlsCertPath, tlsClientCertPath } = config;
  const { tlsClientPrivateKeyPath, tlsClientPrivateKeyPassphrase } = config;
  return {
    log,
    title: id,
    ...(tlsVersion === undefined
      ? { minVersion: 'TLSv1_2' as const, maxVersion: 'TLSv1_3' as const }
      : { version: tlsVersion }),
    ...(tlsCiphers !== undefined && { ciphers: tlsCiphers }),
    insecure: config.tlsInsecureMode,
    allowSelfSignedCert: config.tlsAllowSelfSignedCert,
    verifyFqdn: config.tlsVerifyHostname,
    ...(tlsCertPath !== undefined && { certPaths: tlsCertPath }),
    ...(tlsClientCertPath !== undefined && { certPath: tlsClientCertPath }),
    ...(tlsClientPrivateKeyPath !== undefined && { privateKeyPath: tlsClientPrivateKeyPath }),
    ...(tlsClientPrivateKeyPassphrase !== undefined && {
      privateKeyPassphrase: tlsClientPrivateKeyPassphrase,
    }),
  };
}
