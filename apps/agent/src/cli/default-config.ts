import { existsSync } from 'node:fs';

/** Where a configuration is looked for when none is named, the first that there is. */
export const defaultConfigs = ['sluice.conf', '/etc/sluice/sluice.conf'] as const;

/** The configuration file that is used when none is named; undefined where there is none. */
export function defaultConfig(files: readonly string[] = defaultConfigs): string | undefined {
  return files.find((file) => existsSync(file));
}
