import type { ConfigElement, ReadContext, SubsectionSchemas } from '@sluice/config';
import { Injector, injectSection } from './inject.js';

/**
 * The `<inject>` section of a `<match>`.
 *
 * @returns undefined where it adds nothing
 * @throws ConfigError
 */
export function createInjector(
  match: ConfigElement,
  workerId: number,
  log?: ReadContext['log'],
): Injector | undefined {
  const section = match.children('inject').at(0);
  if (section === undefined) return undefined;
  const injector = new Injector(injectSection.read(section, { log }), workerId);
  return injector.active ? injector : undefined;
}

/** The sections `<format>` and `<inject>` as an output names them among its own. */
export const formatSections = {
  format: {
    raw: 'format',
    description: 'How records are written, by @type.',
  },
  inject: {
    raw: 'inject',
    description: 'Adds the tag, the time or the host to each record.',
  },
} as const satisfies SubsectionSchemas;
