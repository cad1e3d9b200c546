/**
 * The hint `: did you mean x?` where one of the known names is near enough to be what was meant,
 * else nothing.
 * @internal
 */
export function suggestion(name: string, known: readonly string[]): string {
  const wanted = plain(name);
  let best: string | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best === undefined ? '' : `: did you mean ${best}?`;
}

/** `linger_timeout` and `LingerTimeout` are `lingerTimeout`. */
function plain(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** The Levenshtein distance. No option is longer than 64 characters. */
function editDistance(a: string, b: string): number {
  if (a.length > 64) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
