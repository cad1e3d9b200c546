const controls = /[\p{Cc}\u2028\u2029]/gu;
const short: Readonly<Partial<Record<string, string>>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A tag as part of a line. Whoever sends chooses it: a line break in it must not begin a line of its
 * own, so control characters are escaped as JSON escapes them. Fluentd writes them as they are.
 */
export function tagText(tag: string): string {
  if (tag.search(controls) < 0) return tag;
  return tag.replace(
    controls,
    (character) =>
      short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
