/** Whether a `text` block is a configuration: its first line that is no comment opens a section. */
export function looksLikeConfiguration(code) {
  const first = code.split('\n').find((line) => line.trim() !== '' && !/^\s*#/.test(line));
  return first !== undefined && /^\s*(?:<[a-z_]+(?:\s[^>]*)?>|@include\s)/.test(first);
}
