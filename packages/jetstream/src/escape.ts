/**
 * Text in printable ASCII without blanks: everything else, and `%`, becomes `%` and two hexadecimal
 * digits for each byte of its UTF-8, as in a URL.
 */
export function escapeText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]/gu, percent);
}

/** What {@link escapeText} was given; undefined where the text cannot be its result. */
export function unescapeText(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** One character as `%` and hexadecimal digits for each byte of its UTF-8. */
export function percent(char: string): string {
  return Buffer.from(char).toString('hex').replace(/../g, '%$&').toUpperCase();
}
