import type { ConfigElement, ConfigError } from '@sluice/config';
import type { EventSink } from '@sluice/plugin';
import type { Routes } from '../routing/routes.js';

/** An output whose events go on with the tag that they had. */
export interface PassingOutput {
  readonly element: ConfigElement;
  /** The sink of the `<match>` that it is, or stands in. */
  readonly sink: EventSink;
  /** Where its events go. */
  readonly to: Routes;
}

/**
 * Looks for events that would go in a circle: for tags that the patterns of the configuration are
 * for, follows the way through the labels.
 *
 * @param routes those of the top level and of all labels
 * @param passing the outputs that hand events on
 * @returns the error to throw; undefined where no circle was found
 */
export function findLoop(
  routes: readonly Routes[],
  passing: readonly PassingOutput[],
): ConfigError | undefined {
  if (passing.length === 0) return undefined;
  const tags = sampleTags(routes);
  for (const start of routes) {
    for (const tag of tags) {
      const found = follow(start, tag, passing, []);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function follow(
  routes: Routes,
  tag: string,
  passing: readonly PassingOutput[],
  way: readonly Routes[],
): ConfigError | undefined {
  const { output } = routes.find(tag);
  if (output === undefined) return undefined;
  for (const next of passing) {
    if (next.sink !== output) continue;
    const visited = [...way, routes];
    if (visited.includes(next.to)) {
      const labels = [...visited, next.to].map(({ label }) => label).join(' to ');
      return next.element.error(`events of tag "${tag}" would go in a circle: from ${labels}`, {
        ...(next.element.params.has('@label') && { param: '@label' }),
        hint: 'match other tags here, or lead to a label that does not lead back',
      });
    }
    const found = follow(next.to, tag, passing, visited);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Tags that the patterns are for, and one that only catch-alls are for. */
function sampleTags(routes: readonly Routes[]): Set<string> {
  const tags = new Set(['any.other.tag']);
  for (const { rules } of routes) {
    for (const { pattern } of rules) {
      if (pattern.startsWith('/')) continue;
      for (const glob of pattern.split(/\s+/)) {
        for (const tag of alternatives(glob)) {
          tags.add(tag.replaceAll('**', 'a.b').replaceAll('*', 'a'));
          tags.add(tag.replace(/\.?\*\*\.?/g, '').replaceAll('*', 'a'));
        }
      }
    }
  }
  tags.delete('');
  return tags;
}

/** `{a,b}.c` is `a.c` and `b.c`. */
function alternatives(glob: string): string[] {
  const match = /^([^{]*)\{([^{}]*)\}(.*)$/s.exec(glob);
  if (match === null) return [glob];
  const [, before, choices, after] = match as unknown as [string, string, string, string];
  return choices.split(',').flatMap((choice) => alternatives(`${before}${choice}${after}`));
}
