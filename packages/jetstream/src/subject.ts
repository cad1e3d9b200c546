import { createHash } from 'node:crypto';
import { escapeText, percent } from './escape.js';

/** The longest tag in a subject, in escaped characters: a line of the NATS protocol ends at 4,096. */
const LONGEST = 1024;
const placeholder = /\$\{(tag)(?:\[(-?\d+)\])?\}/g;

/** What is wrong with a subject template; undefined where nothing is. */
export function templateProblem(template: string): string | undefined {
  const plain = template.replace(placeholder, 'x');
  if (plain.includes('${')) return 'the placeholders are ${tag} and ${tag[N]}';
  if (!/^[\x21-\x7e]+$/.test(plain)) return 'a subject has no blanks, and ASCII characters only';
  if (plain.split('.').some((token) => token === '')) return 'there is an empty part between dots';
  if (plain.split('.').some((token) => token === '*' || token === '>')) {
    return 'one publishes to a subject without the wildcards * and >';
  }
  if (plain.startsWith('$')) return 'subjects that begin with $ belong to the server';
  return undefined;
}

/** Makes the subject of each tag; remembers the last ones. */
export class SubjectTemplate {
  readonly #known = new Map<string, string>();

  constructor(readonly template: string) {}

  for(tag: string): string {
    let subject = this.#known.get(tag);
    if (subject === undefined) {
      subject = this.#make(tag);
      // Tags come from peers: they must not fill the memory.
      if (this.#known.size >= 4096) this.#known.clear();
      this.#known.set(tag, subject);
    }
    return subject;
  }

  /**
   * A pattern that has every subject of this template: `${tag[N]}` is one part, `*`, and `${tag}`
   * any number of them, `>`.
   */
  get pattern(): string {
    const tokens: string[] = [];
    for (const token of this.template.split('.')) {
      if (token.includes('${tag}')) return [...tokens, '>'].join('.');
      tokens.push(token.includes('${tag[') ? '*' : token);
    }
    return tokens.join('.');
  }

  #make(tag: string): string {
    const parts = tag.split('.');
    return this.template.replace(placeholder, (_all, _name, index?: string) =>
      shortened(
        index === undefined
          ? parts.map(escapeToken).join('.')
          : escapeToken(parts.at(Number(index)) ?? ''),
      ),
    );
  }
}

/**
 * One part of a tag as a token of a subject. `$`, `*`, `>` and `%` are escaped, too; an empty part is
 * a `%` alone.
 */
function escapeToken(part: string): string {
  return part === '' ? '%' : escapeText(part).replace(/[$*>]/g, percent);
}

/** A long tag is cut, and a digest of the whole put in place of its end. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const cut = text.slice(0, LONGEST - 40).replace(/[.%].{0,2}$/, '');
  return `${cut}%-${digest}`;
}

/** Whether all subjects of `inner` are among those of `outer`; both may have wildcards. */
export function covers(outer: string, inner: string): boolean {
  const left = outer.split('.');
  const right = inner.split('.');
  for (const [i, token] of left.entries()) {
    if (token === '>') return right.length > i;
    if (i >= right.length) return false;
    if (right[i] === '>') return false;
    if (token !== '*' && token !== right[i]) return false;
  }
  return left.length === right.length;
}
