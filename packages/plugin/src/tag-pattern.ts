/**
 * Fluentd's tag patterns: `*` is one part of a tag, `**` any number of parts (none too), `{a,b}`
 * either, several patterns stand side by side with white space between, and `/…/` is a regular
 * expression for the whole tag.
 */

const special = /[\\^$.|?*+(){}[\]]/;

/** Thrown for a pattern that cannot be read; `offset` is where in the pattern, from 0. */
export class TagPatternError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_TAG_PATTERN';

  constructor(
    /** The whole pattern. */
    readonly pattern: string,
    /** Where in it the mistake is, in characters from 0. */
    readonly offset: number,
    problem: string,
  ) {
    super(`tag pattern "${pattern}": ${problem}`);
    this.name = 'TagPatternError';
  }
}

/** Splits at white space that is not inside of braces or a regular expression. */
function splitPatterns(source: string): string[] {
  const patterns: string[] = [];
  let depth = 0;
  let inRegexp = false;
  let current = '';
  for (let i = 0; i < source.length; i += 1) {
    const char = source[i];
    if (/\s/.test(char) && depth === 0 && !inRegexp) {
      if (current !== '') patterns.push(current);
      current = '';
      continue;
    }
    if (char === '/' && (current === '' || (inRegexp && source[i - 1] !== '\\'))) {
      inRegexp = !inRegexp;
    }
    if (char === '{' && !inRegexp) depth += 1;
    if (char === '}' && !inRegexp) depth -= 1;
    current += char;
  }
  if (current !== '') patterns.push(current);
  return patterns;
}

/** Translates one glob into the source of a regular expression without anchors. */
function globToRegExp(glob: string): string {
  let source = '';
  let braces = 0;
  for (let i = 0; i < glob.length; i += 1) {
    const char = glob[i];
    if (char === '*' && glob[i + 1] === '*') {
      const atStart = i === 0 || '{,'.includes(glob[i - 1]);
      const dotBefore = glob[i - 1] === '.';
      const dotAfter = glob[i + 2] === '.';
      if (dotAfter && (atStart || dotBefore)) {
        source += '(?:.*\\.)?'; // **.x and x.**.y: the dot that follows goes with the parts
        i += 2;
      } else {
        if (dotBefore && source.endsWith('\\.')) source = `${source.slice(0, -2)}(?:\\..*)?`;
        else source += '.*';
        i += 1;
      }
    } else if (char === '*') {
      source += '[^.]*';
    } else if (char === '{') {
      braces += 1;
      source += '(?:';
    } else if (char === '}') {
      if (braces === 0) throw new TagPatternError(glob, i, '} without {');
      braces -= 1;
      source += ')';
    } else if (char === ',' && braces > 0) {
      source += '|';
    } else if (char === '\\' && i + 1 < glob.length) {
      i += 1;
      source += glob[i].replace(special, '\\$&');
    } else {
      source += char.replace(special, '\\$&');
    }
  }
  if (braces > 0) throw new TagPatternError(glob, glob.length, '{ is not closed');
  return source;
}

/**
 * Compiles what stands behind `match` or `filter`.
 *
 * @param source one or more patterns, such as `app.** sys.{a,b}`; empty means `**`, as in Fluentd
 * @returns a test for a whole tag
 * @throws TagPatternError
 */
export function compileTagPattern(source: string): (tag: string) => boolean {
  const patterns = splitPatterns(source.trim() === '' ? '**' : source);
  const sources = patterns.map((pattern) => {
    if (!pattern.startsWith('/')) return globToRegExp(pattern);
    if (pattern.length < 2 || !pattern.endsWith('/')) {
      throw new TagPatternError(pattern, pattern.length, 'the regular expression is not closed');
    }
    const body = pattern.slice(1, -1);
    try {
      new RegExp(body);
    } catch (error) {
      throw new TagPatternError(pattern, 1, (error as Error).message);
    }
    return body;
  });
  if (sources.length === 1 && sources[0] === '.*') return () => true;
  const regexp = new RegExp(`^(?:${sources.map((s) => `(?:${s})`).join('|')})$`, 's');
  return (tag) => regexp.test(tag);
}
