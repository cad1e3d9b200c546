/** What Ruby writes otherwise than JavaScript, outside and inside a character class. */
const OUTSIDE: Readonly<Partial<Record<string, string>>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: '(?=\\n?(?![^]))',
  h: '[0-9a-fA-F]',
  H: '[^0-9a-fA-F]',
  R: '(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])',
  a: '\\x07',
  e: '\\x1b',
};
const INSIDE: Readonly<Partial<Record<string, string>>> = {
  h: '0-9a-fA-F',
  a: '\\x07',
  e: '\\x1b',
};

const POSIX: Readonly<Partial<Record<string, string>>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9a-fA-F',
};

/**
 * A Ruby regular expression as a JavaScript one: `/pattern/im`, or the bare pattern.
 *
 * `^` and `$` match at every line, as they always do in Ruby, and the option `m` lets `.` match a
 * line feed, the only line end that `.` and `$` know. Constructs that JavaScript has no equal for (atomic groups, possessive quantifiers,
 * recursion, conditionals, inline options, `\p{…}`) are refused, not guessed.
 *
 * @throws SyntaxError - the pattern is broken or not supported
 */
export function rubyRegexp(text: string): RegExp {
  let pattern = text;
  let flags = 'm';
  if (text.startsWith('/')) {
    const end = text.lastIndexOf('/');
    const options = text.slice(end + 1);
    if (end === 0) throw new SyntaxError('the / at the end is missing');
    if (!/^[im]{0,2}$/.test(options)) {
      throw new SyntaxError(`after the last / only the options i and m are known, not ${options}`);
    }
    pattern = text.slice(1, end);
    if (options.includes('i')) flags += 'i';
    if (options.includes('m')) flags += 's';
  }
  return Object.defineProperty(
    new RegExp(translate(pattern, flags.includes('s')), flags),
    rubySource,
    { value: text },
  );
}

const rubySource: unique symbol = Symbol.for('@sluice/config.rubySource');

/** The text that was read as an expression, or that would be; undefined where none would. */
export function rubyText(regexp: RegExp): string | undefined {
  const text = (regexp as { [rubySource]?: string })[rubySource];
  if (text !== undefined) return text;
  const { source, flags } = regexp;
  const options = flags.replace(/[^is]/g, '').replace('s', 'm');
  return flags.includes('m') ? `/${source}/${options}` : undefined;
}

function translate(pattern: string, dotAll: boolean): string {
  let out = '';
  let depth = 0; // of character classes
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (character === '\\') {
      const next = pattern.charAt(++i);
      if (next === '') throw new SyntaxError('\\ at the end of the pattern');
      if ((depth === 0 && 'GKX'.includes(next)) || /^[pP]\{/.test(pattern.slice(i, i + 2))) {
        throw new SyntaxError(`\\${next} is not supported`);
      }
      out += (depth > 0 ? INSIDE : OUTSIDE)[next] ?? `\\${next}`;
    } else if (character === '[') {
      const posix = depth > 0 ? /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(i, i + 16)) : null;
      if (posix) {
        const set = POSIX[posix[2]];
        if (set === undefined || posix[1] !== '') {
          throw new SyntaxError(`the class ${posix[0]} is not supported`);
        }
        out += set;
        i += posix[0].length - 1;
      } else if (depth > 0) {
        throw new SyntaxError('a character class inside another is not supported');
      } else {
        depth++;
        out += '[';
        if (pattern[i + 1] === '^') out += pattern[++i];
        if (pattern[i + 1] === ']') {
          out += '\\]';
          i++;
        }
      }
    } else if (depth > 0) {
      if (character === '&' && pattern[i + 1] === '&') {
        throw new SyntaxError('&& in a character class is not supported');
      }
      if (character === ']') depth--;
      out += character;
    } else if (character === '(' && pattern[i + 1] === '?') {
      const group = /^\(\?(?:[:=!]|<[=!]|<[A-Za-z_]\w*>|#)/.exec(pattern.slice(i, i + 64));
      if (!group) throw new SyntaxError(`the group ${pattern.slice(i, i + 4)} is not supported`);
      if (group[0] === '(?#') {
        const end = pattern.indexOf(')', i);
        if (end === -1) throw new SyntaxError('a comment without )');
        i = end;
      } else {
        out += group[0];
        i += group[0].length - 1;
      }
    } else if (
      character === '+' &&
      /(?:[^\\]|^)[*+?]$/.test(pattern.slice(Math.max(0, i - 2), i))
    ) {
      throw new SyntaxError('possessive quantifiers (*+ ++ ?+) are not supported');
    } else {
      // To JavaScript a carriage return and U+2028 are line ends, too.
      if (character === '.') out += dotAll ? '[^]' : '[^\\n]';
      else out += character === '$' ? '(?=\\n|(?![^]))' : character;
    }
  }
  return out;
}
