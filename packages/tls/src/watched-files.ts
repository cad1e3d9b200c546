import type { ServerTlsOptions } from './options.js';

/** The files whose change makes a server load its certificates again. */
export function watchedFiles(options: ServerTlsOptions): string[] {
  const others = (options.certificates ?? []).flatMap((files) => [
    files.certPath,
    files.privateKeyPath,
  ]);
  const own =
    options.certPath === undefined
      ? [options.caCertPath, options.caPrivateKeyPath]
      : [options.certPath, options.privateKeyPath];
  const all = [...own, options.caPath, ...(options.certPaths ?? []), ...others];
  return all.filter((file) => file !== undefined);
}
