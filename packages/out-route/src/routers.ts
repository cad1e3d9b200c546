import { ConfigElement } from '@sluice/config';
import type { OutputContext, Router } from '@sluice/plugin';

/**
 * The routes that events go on to: those of the label that a parameter of a section names, or of the
 * output itself.
 *
 * @throws ConfigError for an unknown label
 */
export function routerFor(
  context: OutputContext,
  section: ConfigElement,
  param = '@label',
): Router {
  const router = context.routerOf?.(labelled(section, param)) ?? context.router;
  if (router === undefined) throw section.error('there are no routes to go on to');
  return router;
}

/** The section with its label as every other section has it. */
function labelled(section: ConfigElement, param: string): ConfigElement {
  const { name, location } = section;
  const label = section.params.get(param);
  const params = label === undefined ? [] : [{ ...label, name: '@label' }];
  return new ConfigElement({ name, location, params });
}
