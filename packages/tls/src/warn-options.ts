import type { IdentityWay } from './identity.js';
import type { Logger } from './logger.js';
import type { ServerTlsOptions } from './options.js';

/** Warns about options that are allowed and yet not what they should be, or not used at all. */
export function warnWay(
  options: ServerTlsOptions,
  way: IdentityWay,
  log: Logger,
  fields: Record<string, unknown>,
): void {
  if (way === 'files' && !options.privateKeyPassphrase) {
    const text = 'setting privateKeyPassphrase is recommended when certPath is specified';
    log.warn({ ...fields, option: 'privateKeyPassphrase' }, `for security reasons, ${text}`);
  } else if (way === 'ca' && !options.caPrivateKeyPassphrase) {
    const text = 'setting caPrivateKeyPassphrase is recommended when caCertPath is specified';
    log.warn({ ...fields, option: 'caPrivateKeyPassphrase' }, `for security reasons, ${text}`);
  }
  if (options.insecure === true) {
    log.warn({ ...fields, option: 'insecure' }, 'insecure TLS communication server is configured');
  }
  const unused: [keyof ServerTlsOptions, boolean, string][] = [
    ['privateKeyPath', way !== 'files', 'certPath'],
    ['caPrivateKeyPath', way !== 'ca', 'caCertPath alone'],
  ];
  // Not caPath: Fluentd's examples have it without clientCertAuth, and it completes the chain.
  if (options.clientCertAuth !== true && options.certVerifier === undefined) {
    for (const option of ['certPaths', 'enableSystemCertStore', 'allowSelfSignedCert'] as const) {
      unused.push([option, true, 'clientCertAuth']);
    }
  }
  for (const [option, isUnused, needed] of unused) {
    if (!isUnused || options[option] === undefined || options[option] === false) continue;
    log.warn({ ...fields, option }, `${option} has no effect without ${needed}`);
  }
}
