import type { Node, Scalar } from 'yaml';
import { isScalar } from './yaml-library.js';

/**
 * A YAML scalar as a parameter's text; null for an empty one.
 *
 * Numbers keep their digits (a file mode such as `0644` stays what was written), and the words that
 * YAML 1.1, which Fluentd reads, has for true and false come out as those.
 */
export function scalarText(node: Scalar): string | null {
  if (!isPlain(node)) return String(node.value);
  const text = node.source ?? String(node.value);
  if (/^(?:~|null|)$/i.test(text)) return null;
  if (/^(?:true|yes|on)$/i.test(text)) return 'true';
  if (/^(?:false|no|off)$/i.test(text)) return 'false';
  return text;
}

/** A YAML scalar as JSON. */
export function scalarJson(node: Node | null): string {
  if (node === null || !isScalar(node)) return 'null';
  const text = scalarText(node);
  if (text === null) return 'null';
  if (isPlain(node)) {
    if (text === 'true' || text === 'false') return text;
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return text;
    if (typeof node.value === 'number' && Number.isFinite(node.value)) return String(node.value);
  }
  return JSON.stringify(text);
}

/** Plain text without quotes, whose meaning YAML guesses; not if a tag says that it is text. */
function isPlain(node: Scalar): boolean {
  return node.type === 'PLAIN' && node.tag !== 'tag:yaml.org,2002:str' && node.tag !== '!';
}
