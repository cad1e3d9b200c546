/** A tag that cannot be made. */
export class TagTemplateError extends Error {
  override readonly name = 'TagTemplateError';
  readonly code = 'ERR_SLUICE_TAG_TEMPLATE';

  constructor(readonly placeholder: string) {
    super(
      `${placeholder} is not known in a tag: there are $1 to $9, \${tag}, \${tag_parts[n]} and \${hostname}`,
    );
  }
}

/** What a tag is made from, beside the match of a pattern. */
export interface TagSource {
  readonly tag: string;
  readonly hostname: string;
}

/** A tag with placeholders. */
export interface TagTemplate {
  /** Whether `$1` or the like is in it. */
  readonly usesMatch: boolean;
  /** @param match what a regular expression has found; groups that took no part are empty */
  text(source: TagSource, match: readonly (string | undefined)[], capitalize: boolean): string;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'group' | 'part'; readonly index: number }
  | { readonly kind: 'tag' | 'hostname' };

const placeholder =
  /\$(?<group>\d+)|\$\{(?<name>[^}]*)\}|__(?<old>TAG|HOSTNAME)__|__TAG_PARTS\[(?<oldPart>-?\d+)\]__/g;

/** @throws TagTemplateError for an unknown placeholder */
export function compileTag(source: string): TagTemplate {
  const parts: Part[] = [];
  let at = 0;
  for (const match of source.matchAll(placeholder)) {
    if (match.index > at) parts.push({ kind: 'text', text: source.slice(at, match.index) });
    parts.push(partOf(match));
    at = match.index + match[0].length;
  }
  if (at < source.length) parts.push({ kind: 'text', text: source.slice(at) });
  return {
    usesMatch: parts.some(({ kind }) => kind === 'group'),
    text: (from, match, capitalize) =>
      parts.map((part) => textOf(part, from, match, capitalize)).join(''),
  };
}

function partOf(match: RegExpMatchArray): Part {
  const groups = match.groups as Record<string, string | undefined>;
  if (groups.group !== undefined) return { kind: 'group', index: Number(groups.group) };
  if (groups.oldPart !== undefined) return { kind: 'part', index: Number(groups.oldPart) };
  const name = groups.name ?? groups.old?.toLowerCase() ?? '';
  if (name === 'tag' || name === 'hostname') return { kind: name };
  const index = /^tag_parts\[(-?\d+)\]$/.exec(name)?.[1];
  if (index === undefined) throw new TagTemplateError(match[0]);
  return { kind: 'part', index: Number(index) };
}

function textOf(
  part: Part,
  { tag, hostname }: TagSource,
  match: readonly (string | undefined)[],
  capitalize: boolean,
): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'tag':
      return tag;
    case 'hostname':
      return hostname;
    case 'part':
      return tag.split('.').at(part.index) ?? '';
    case 'group': {
      const text = match[part.index] ?? '';
      return capitalize ? text.charAt(0).toUpperCase() + text.slice(1).toLowerCase() : text;
    }
  }
}
