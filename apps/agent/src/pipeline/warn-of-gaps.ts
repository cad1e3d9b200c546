import type { ConfigElement } from '@sluice/config';
import type { Logger } from '@sluice/server';

const holders = ['worker', 'label'];

/** What is wrong with a configuration that takes nothing in, such as a file that is empty by mistake. */
export function sourceGap(root: ConfigElement, withoutSource = false): string | undefined {
  if (withoutSource || has(root, 'source')) return undefined;
  return 'the configuration has no <source>: no events come in';
}

/** Whether nothing comes in, and nothing would be done with it. */
export function isEmpty(root: ConfigElement): boolean {
  return !has(root, 'source') && !has(root, 'match');
}

/** Says that a configuration takes nothing in, or keeps nothing. */
export function warnOfGaps(
  root: ConfigElement,
  { log, withoutSource }: { log: Logger; withoutSource?: boolean },
): void {
  const gap = sourceGap(root, withoutSource);
  if (gap !== undefined) log.warn({}, gap);
  if (!has(root, 'match')) {
    log.warn({}, 'the configuration has no <match>: all events are dropped');
  }
}

function has(element: ConfigElement, name: string): boolean {
  return element.elements.some(
    (inner) => inner.name === name || (holders.includes(inner.name) && has(inner, name)),
  );
}
