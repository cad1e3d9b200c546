import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  generateCa,
  issueClientCertificate,
  issueServerCertificate,
  type CertificatePair,
  type GenerateOptions,
} from './generate/generate.js';
import { TlsConfigError, TlsFileError } from './errors.js';

/** Options of {@link createDevelopmentCa}. */
export interface DevelopmentCaOptions extends Pick<
  GenerateOptions,
  'keyType' | 'keyLength' | 'digest' | 'expiration'
> {
  /** DNS names and IP addresses of the server, beside the host name and loopback. */
  serverNames?: readonly string[];
  /** Common names of clients; each gets a certificate for mutual TLS. Default: none. */
  clients?: readonly string[];
  /** Encrypts the CA's private key. */
  caPassphrase?: string;
}

/** A certificate file and its key file, as the options of a context name them. */
export interface CertificatePaths {
  /** PEM, the whole chain. */
  certPath: string;
  /** PEM, not encrypted. */
  privateKeyPath: string;
}

/** The files of a development CA. */
export interface DevelopmentCa {
  /** For `caPath` of whoever verifies, and `caCertPath`. */
  caPath: string;
  /** For `caPrivateKeyPath`. */
  caPrivateKeyPath: string;
  /** For `certPath` and `privateKeyPath` of a server. */
  server: CertificatePaths;
  /** By common name. */
  clients: Record<string, CertificatePaths>;
}

/**
 * Writes a certificate authority, a server certificate and client certificates into a folder, for
 * development and tests: `ca.pem`, `server.pem`, `client-NAME.pem`, each with `…-key.pem` that only
 * the owner may read. A CA that is there already is kept and issues the rest anew, so that who
 * trusts it need not be touched.
 *
 * @throws a {@link TlsError} that names the option or file at fault.
 */
export async function createDevelopmentCa(
  folder: string,
  options: DevelopmentCaOptions = {},
): Promise<DevelopmentCa> {
  const { serverNames = [], clients = [], caPassphrase, ...generate } = options;
  for (const name of clients) {
    if (/^[\w.@-]+$/.test(name)) continue;
    throw new TlsConfigError(`clients: ${name} cannot be the name of a file`, {
      option: 'clients',
    });
  }
  await mkdir(folder, { recursive: true });
  const at = (name: string): string => path.join(folder, name);
  const ca =
    (await readPair(at('ca.pem'), at('ca-key.pem'))) ??
    (await save(
      at('ca'),
      await generateCa({
        ...generate,
        ...(caPassphrase === undefined ? {} : { passphrase: caPassphrase }),
      }),
    ));
  const by = {
    ...generate,
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    ...(caPassphrase === undefined ? {} : { caPassphrase }),
  };
  await save(
    at('server'),
    await issueServerCertificate({
      ...by,
      altNames: serverNames,
      ...(serverNames.length === 0 ? {} : { commonName: serverNames[0] }),
    }),
  );
  for (const commonName of clients) {
    await save(at(`client-${commonName}`), await issueClientCertificate({ ...by, commonName }));
  }
  const paths = (name: string): CertificatePaths => ({
    certPath: at(`${name}.pem`),
    privateKeyPath: at(`${name}-key.pem`),
  });
  return {
    caPath: at('ca.pem'),
    caPrivateKeyPath: at('ca-key.pem'),
    server: paths('server'),
    clients: Object.fromEntries(clients.map((name) => [name, paths(`client-${name}`)])),
  };
}

async function save(stem: string, pair: CertificatePair): Promise<CertificatePair> {
  await writeFile(`${stem}-key.pem`, pair.privateKey, { mode: 0o600 });
  await writeFile(`${stem}.pem`, pair.certificate);
  return pair;
}

/** Both files, or neither: a CA of which one half is missing is not replaced unasked. */
async function readPair(certFile: string, keyFile: string): Promise<CertificatePair | undefined> {
  const [certificate, privateKey] = await Promise.all([certFile, keyFile].map(readIfThere));
  if (certificate === undefined && privateKey === undefined) return undefined;
  if (certificate !== undefined && privateKey !== undefined) return { certificate, privateKey };
  const missing = certificate === undefined ? certFile : keyFile;
  throw new TlsFileError(`${missing} is missing beside the other half of the CA`, {
    file: missing,
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TlsFileError(`cannot read ${file}`, { file, cause });
  }
}
