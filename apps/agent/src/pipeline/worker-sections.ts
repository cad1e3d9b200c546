import type { ConfigElement } from '@sluice/config';

const allowed = ['source', 'match', 'filter', 'label'];

/** The workers that `<worker N>` or `<worker N-M>` names, both included. @throws ConfigError */
function workerRange(element: ConfigElement, workers: number): [first: number, last: number] {
  const written = element.arg.trim();
  if (written === '') {
    throw element.error('<worker> requires the number of a worker', {
      code: 'ERR_SLUICE_CONFIG_REQUIRED',
      hint: 'write <worker 0>, or <worker 0-1> for several',
    });
  }
  const match = /^(\d+)(?:-(\d+))?$/.exec(written);
  if (match === null) {
    throw element.error(`worker id should be an integer: "${written}"`, {
      arg: true,
      hint: 'write <worker 0>, or <worker 0-1> for several',
    });
  }
  const first = Number(match[1]);
  const last = Number((match[2] as string | undefined) ?? match[1]);
  const outside = [first, last].find((id) => id >= workers);
  if (outside !== undefined) {
    throw element.error(`there is no worker ${outside}: the ids are 0 to ${workers - 1}`, {
      arg: true,
      hint: `with workers ${outside + 1} in <system> there is one`,
    });
  }
  if (first > last) {
    throw element.error(`worker ${first} comes after worker ${last}`, {
      arg: true,
      hint: `write <worker ${last}-${first}>`,
    });
  }
  return [first, last];
}

/**
 * The sections of the top level as one worker sees them: what stands in a `<worker>` section is in
 * its place for the workers that it names, and absent for the others.
 *
 * @throws ConfigError for a `<worker>` section that is wrong, whichever worker it is for
 */
export function elementsOfWorker(
  root: ConfigElement,
  workerId: number,
  workers: number,
): ConfigElement[] {
  return root.elements.flatMap((element) => {
    if (element.name !== 'worker') return [element];
    const [first, last] = workerRange(element, workers);
    for (const param of element.params.keys()) {
      throw element.error(`${param} has no meaning in <worker>`, { param });
    }
    for (const inner of element.elements) {
      if (allowed.includes(inner.name)) continue;
      throw inner.error(`<worker> cannot have ${inner.tag}`, {
        code: 'ERR_SLUICE_CONFIG_SECTION',
        hint: 'supported in <worker>: <source>, <filter>, <match>, <label>',
      });
    }
    return workerId >= first && workerId <= last ? element.elements : [];
  });
}
