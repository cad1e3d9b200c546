/** A value as it may stand in a file: bare where that reads back the same, or in double quotes. */
export function quoteValue(value: string): string {
  const bare = !/^$|^["'[{# \t]|[ \t]$|[ \t]#|[\r\n]/.test(value);
  return bare ? value : doubleQuoted(value);
}

const ESCAPES: Readonly<Partial<Record<string, string>>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
  '\0': '\\0',
};

/** A text in double quotes, as a file has it. */
export function doubleQuoted(text: string): string {
  const escaped = text.replace(/["\\\n\r\t\f\u0008\0]|#(?=\{)/g, (c) => ESCAPES[c] ?? `\\${c}`);
  return `"${escaped}"`;
}
