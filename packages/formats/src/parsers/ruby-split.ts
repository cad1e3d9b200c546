/**
 * `String#split` of Ruby: empty parts at the end are left out, unless there is a limit, with which
 * the last part is all that is left.
 */
export function rubySplit(text: string, by: string, limit?: number): string[] {
  if (text === '') return [];
  if (limit === undefined) {
    // A single space means any blanks.
    const parts = by === ' ' ? text.trimStart().split(/\s+/) : text.split(by);
    while (parts.length > 0 && parts.at(-1) === '') parts.pop();
    return parts;
  }
  const parts: string[] = [];
  let at = 0;
  while (parts.length < limit - 1) {
    const next = text.indexOf(by, at);
    if (next < 0 || by === '') break;
    parts.push(text.slice(at, next));
    at = next + by.length;
  }
  parts.push(text.slice(at));
  return parts;
}
