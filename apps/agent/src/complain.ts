/** Prints an error on standard error: what is wrong in red on a terminal, all plain elsewhere. */
export function complain(text: string): void {
  const { stderr } = process;
  const red = stderr.isTTY && stderr.hasColors(); // it knows NO_COLOR and FORCE_COLOR
  // Several errors have an empty line between them, and each begins with what is wrong.
  const painted = text
    .split('\n\n')
    .map((error) => (red ? error.replace(/^.+/, '\u001b[31m$&\u001b[0m') : error))
    .join('\n\n');
  stderr.write(`${painted}\n`);
}
