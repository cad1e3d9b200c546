import { countText } from '../terminal/numbers.js';
import { playgroundHints, type PlaygroundPlace } from './playground-view.js';
import type { RecentEvents } from './recent-events.js';

/** Prints events as lines, the last ones where there are too many. */
export async function printEvents(
  place: PlaygroundPlace,
  recent: RecentEvents,
  signal: AbortSignal,
): Promise<void> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const hint of playgroundHints(place)) print(hint);
  let shown = 0;
  const show = (): void => {
    const lines = recent.lines({ take: true });
    const more = recent.events - shown - lines.length;
    shown = recent.events;
    if (more > 0) print(`… ${countText(more)} more`);
    for (const line of lines) print(line);
  };
  const timer = setInterval(show, 250);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(timer);
  show();
}
