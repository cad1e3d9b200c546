import { createRequire } from 'node:module';
import type { Alias, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

/**
 * The library is loaded at the first YAML file: that takes longer than to read most configurations
 * of the v1 language, and most are of that.
 */
let loaded: typeof import('yaml') | undefined;
function library(): typeof import('yaml') {
  return (loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml'));
}

/** Parses a text; `<<` is left to the caller, who follows it into other files. */
export function parseDocument(text: string): Document.Parsed {
  return library().parseDocument(text, { merge: true, prettyErrors: false });
}

export function isAlias(node: unknown): node is Alias {
  return library().isAlias(node);
}

export function isMap(node: unknown): node is YAMLMap {
  return library().isMap(node);
}

export function isNode(node: unknown): node is Node {
  return library().isNode(node);
}

export function isPair(node: unknown): node is Pair {
  return library().isPair(node);
}

export function isScalar(node: unknown): node is Scalar {
  return library().isScalar(node);
}

export function isSeq(node: unknown): node is YAMLSeq {
  return library().isSeq(node);
}
