/** One line of `name:value` for each object; nested objects are left out, as Fluentd does. */
export function toLtsv(objects: readonly Record<string, unknown>[]): string {
  return objects.map((object) => `${row(object)}\n`).join('');
}

function row(object: Record<string, unknown>): string {
  const cells: string[] = [];
  for (const [name, value] of Object.entries(object)) {
    if (Array.isArray(value)) cells.push(`${name}:${value.map(text).join(',')}`);
    else if (typeof value !== 'object') cells.push(`${name}:${text(value)}`);
    else if (value === null) cells.push(`${name}:`);
  }
  return cells.join('\t');
}

/** A tab or a line break in a value would be read as the start of another. */
function text(value: unknown): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return written.replace(/[\t\r\n]+/g, ' ');
}
