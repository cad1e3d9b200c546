import type { IdentityWay } from './identity.js';
import { silentLogger, type Logger } from './logger.js';
import type { ServerTlsOptions } from './options.js';

type Option = keyof ServerTlsOptions;

const generating: readonly Option[] = [
  'generatePrivateKeyType',
  'generatePrivateKeyLength',
  'generateCertCountry',
  'generateCertState',
  'generateCertLocality',
  'generateCertCommonName',
  'generateCertExpiration',
  'generateCertDigest',
];

/** The passphrases that have been recommended in this process. */
const recommended = new Set<Option>();

/** Says what is allowed and yet not what it should be, or has no effect beside other options. */
export function warnWay(
  options: ServerTlsOptions,
  way: IdentityWay,
  log: Logger,
  fields: Record<string, unknown>,
): void {
  if (way === 'files' && !options.privateKeyPassphrase) {
    recommend('privateKeyPassphrase', 'certPath', log, fields);
  } else if (way === 'ca' && !options.caPrivateKeyPassphrase) {
    recommend('caPrivateKeyPassphrase', 'caCertPath', log, fields);
  }
  if (way === 'self-signed') {
    log.warn(
      { ...fields, option: 'insecure' },
      'insecure: clients cannot verify the certificate, which was made for this run only',
    );
  }
  for (const [option, reason] of withoutEffect(options, way)) {
    if (options[option] === undefined || options[option] === false) continue;
    log.warn({ ...fields, option }, `${option} has no effect ${reason}`);
  }
}

/** Once in a process: a key without a passphrase is common, and guarded by its file's mode. */
function recommend(
  option: Option,
  beside: Option,
  log: Logger,
  fields: Record<string, unknown>,
): void {
  if (log === silentLogger || recommended.has(option)) return;
  recommended.add(option);
  const text = `the private key is not encrypted: ${option} is recommended with ${beside}`;
  log.info({ ...fields, option }, text);
}

/** Options that nothing reads beside the others, and why. */
function withoutEffect(options: ServerTlsOptions, way: IdentityWay): [Option, string][] {
  const found: [Option, string][] = [];
  const add = (reason: string, ...names: readonly Option[]): void => {
    for (const name of names) found.push([name, reason]);
  };
  if (way === 'files') {
    add('with certPath', ...generating, 'caCertPath', 'caPrivateKeyPath', 'caPrivateKeyPassphrase');
    add('with certPath', 'insecure');
    if (options.verifyFqdn !== true) add('with certPath and without verifyFqdn', 'fqdn');
  } else {
    add('without certPath', 'privateKeyPath', 'privateKeyPassphrase');
    if (way === 'ca') add('with caCertPath', 'insecure');
    else add('without caCertPath', 'caPrivateKeyPath', 'caPrivateKeyPassphrase');
  }
  if (options.certVerifier === undefined) add('without certVerifier', 'certVerifierTimeout');
  if (options.clientCertAuth !== true && options.certVerifier === undefined) {
    // It still completes the chain that is sent, but who sets it may count on more.
    add('on clients without clientCertAuth', 'caPath');
    add('without clientCertAuth', 'certPaths', 'enableSystemCertStore', 'allowSelfSignedCert');
  }
  return found;
}
