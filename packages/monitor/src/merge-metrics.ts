/** Families of metrics that several workers have each their own samples of, as one page. */
export function mergeMetrics(pages: readonly string[]): string {
  const families = new Map<string, { head: string[]; samples: string[] }>();
  for (const page of pages) {
    let family: { head: string[]; samples: string[] } | undefined;
    let isNew = false;
    for (const line of page.split('\n')) {
      const name = /^# HELP (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        isNew = !families.has(name);
        family = families.get(name) ?? { head: [], samples: [] };
        families.set(name, family);
      }
      if (line === '' || family === undefined) continue;
      if (!line.startsWith('#')) family.samples.push(line);
      else if (isNew) family.head.push(line);
    }
  }
  return [...families.values()]
    .map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`)
    .join('\n');
}
