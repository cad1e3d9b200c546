// What takes no column: controls, combining marks, joiners, variation selectors.
const NONE = /^[\p{Cc}\p{Mn}\p{Me}\p{Cf}]$/u;
// What takes two: the scripts of East Asia in full width, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{20000}-\u{3fffd}]$/u;

function columnsOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** The beginning of a text that takes at most so many columns, with `…` where something is cut off. */
export function fitText(text: string, columns: number): string {
  if (text.length <= columns && /^[ -~]*$/.test(text)) return text;
  if (columns <= 0) return '';
  let used = 0;
  let fits = 0;
  let position = 0;
  for (const character of text) {
    const width = columnsOf(character);
    if (used + width > columns) return `${text.slice(0, fits)}…`;
    used += width;
    position += character.length;
    // The last column is kept for the sign that something is missing.
    if (used <= columns - 1) fits = position;
  }
  return text;
}

/** Fills a text up with blanks. */
export function padText(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + blanks : blanks + text;
}
