import type { SecureVersion } from 'node:tls';
import { TlsConfigError } from './errors.js';

/** Fluentd's names for protocol versions, both spellings. */
export type TlsVersion = 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3' | 'TLS1_1' | 'TLS1_2' | 'TLS1_3';

const versions: Record<TlsVersion, SecureVersion> = {
  TLSv1_1: 'TLSv1.1',
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
  TLS1_1: 'TLSv1.1',
  TLS1_2: 'TLSv1.2',
  TLS1_3: 'TLSv1.3',
};

/** All names. */
export const versionNames = Object.keys(versions) as readonly TlsVersion[];

/** The range of protocol versions of a context, in Node's names. */
export interface VersionRange {
  min: SecureVersion;
  max: SecureVersion;
}

function nodeName(option: string, value: unknown): SecureVersion {
  if (typeof value === 'string' && Object.hasOwn(versions, value)) {
    return versions[value as TlsVersion];
  }
  throw new TlsConfigError(`${option} must be one of ${versionNames.join(', ')}`, { option });
}

/**
 * `version` means exactly that version; `minVersion` and `maxVersion` (both or neither) replace it.
 */
export function versionRange(options: {
  version?: TlsVersion | undefined;
  minVersion?: TlsVersion | undefined;
  maxVersion?: TlsVersion | undefined;
}): VersionRange {
  const { version = 'TLSv1_2', minVersion, maxVersion } = options;
  if (minVersion === undefined && maxVersion === undefined) {
    const only = nodeName('version', version);
    return { min: only, max: only };
  }
  if (maxVersion === undefined || minVersion === undefined) {
    const option = maxVersion === undefined ? 'maxVersion' : 'minVersion';
    const given = maxVersion === undefined ? 'minVersion' : 'maxVersion';
    throw new TlsConfigError(`${given} is set, so ${option} must be set as well`, { option });
  }
  const range = {
    min: nodeName('minVersion', minVersion),
    max: nodeName('maxVersion', maxVersion),
  };
  if (range.min > range.max) {
    throw new TlsConfigError(`minVersion ${minVersion} is above maxVersion ${maxVersion}`, {
      option: 'minVersion',
    });
  }
  return range;
}
