import type { ConfigElement } from '@sluice/config';
import type { Logger } from '@sluice/server';

const holders = ['worker', 'label'];

/** Says that a configuration takes nothing in, or keeps nothing: a file that is empty by mistake. */
export function warnOfGaps(
  root: ConfigElement,
  { log, withoutSource = false }: { log: Logger; withoutSource?: boolean },
): void {
  if (!withoutSource && !has(root, 'source')) {
    log.warn({}, 'the configuration has no <source>: no events come in');
  }
  if (!has(root, 'match')) {
    log.warn({}, 'the configuration has no <match>: all events are dropped');
  }
}

function has(element: ConfigElement, name: string): boolean {
  return element.elements.some(
    (inner) => inner.name === name || (holders.includes(inner.name) && has(inner, name)),
  );
}
