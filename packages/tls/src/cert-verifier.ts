import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CertVerifierError } from './errors.js';
import type { CertVerifier, VerifyCallback } from './options.js';

/** Turns `certVerifier` into a function; loads it where it is a path. */
export async function loadCertVerifier(verifier: string | CertVerifier): Promise<VerifyCallback> {
  const loaded = typeof verifier === 'string' ? await importVerifier(verifier) : verifier;
  const callback = asCallback(loaded);
  if (callback !== undefined) return callback;
  const what = typeof verifier === 'string' ? `the default export of ${verifier}` : 'certVerifier';
  throw new CertVerifierError(
    `${what} is neither a function (ok, context) nor an object with a method call`,
    details(verifier),
  );
}

function details(verifier: string | CertVerifier): { option: string; file?: string } {
  const option = 'certVerifier';
  return typeof verifier === 'string' ? { option, file: verifier } : { option };
}

async function importVerifier(file: string): Promise<unknown> {
  if (path.extname(file) === '.rb') {
    throw new CertVerifierError(
      `certVerifier ${file} is a Ruby file: it has to be a JavaScript module, see the example ` +
        'cn-verifier.mjs of @sluice/tls',
      details(file),
    );
  }
  try {
    const module = (await import(pathToFileURL(path.resolve(file)).href)) as { default?: unknown };
    // Compiled TypeScript in CommonJS has its default export one level down.
    const exported = module.default as { default?: unknown } | undefined;
    return typeof exported === 'object' && exported.default !== undefined
      ? exported.default
      : exported;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertVerifierError(`certVerifier ${file} cannot be loaded: ${why}`, {
      ...details(file),
      cause,
    });
  }
}

function asCallback(value: unknown): VerifyCallback | undefined {
  if (typeof value === 'function') {
    if (!/^class\b/.test(Function.prototype.toString.call(value))) return value as VerifyCallback;
    // Fluentd's example ends in `.new`; a module may export the class itself.
    return asCallback(new (value as new () => unknown)());
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { call } = value as { call?: unknown };
  if (typeof call !== 'function') return undefined;
  return (ok, context) => (value as { call: VerifyCallback }).call(ok, context);
}
