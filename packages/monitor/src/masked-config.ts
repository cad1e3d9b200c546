import { dumpConfig, type ConfigElement } from '@sluice/config';

/**
 * The parameters of a section, as Fluentd's `config` has them: text, without the sections inside.
 * What is secret is masked as in every dump of a configuration.
 */
export function maskedConfig(element: ConfigElement): Record<string, string> {
  const masked = dumpConfig(element).split('\n');
  const found: Record<string, string> = {};
  for (const { name, value } of element.params.values()) {
    if (typeof value !== 'string') continue;
    const secret = masked.some((line) => line === `  ${name} xxxxxx`) && value !== 'xxxxxx';
    found[name] = secret ? 'xxxxxx' : value;
  }
  return found;
}
