// Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text.
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string | undefined>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * Text that came from a peer, fit to be printed in one line of a log: control characters are
 * escaped (`\n`, `\x1b`, `\u2028`), and what is longer is cut.
 *
 * @param most - characters of `text` that are shown (default: 256)
 * @returns `text` itself where nothing has to be changed
 */
export function printable(text: string, most = 256): string {
  if (text.length <= most) return text.search(UNSAFE) < 0 ? text : text.replace(UNSAFE, escaped);
  const shown = text.slice(0, most).replace(UNSAFE, escaped);
  return `${shown}… (${text.length} characters)`;
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
