import type { Document, Node } from 'yaml';
import type { ConfigElement, ParamForm, ParamValue } from './config-element.js';
import { ConfigError } from './config-error.js';
import type { EmbeddedContext } from './embedded-code.js';
import { evaluateTemplate } from './literal.js';
import type { ConfigLogger } from './logger.js';
import { didYouMean } from './nearest.js';
import type { Location, SourceText } from './source-text.js';
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseDocument } from './yaml-library.js';
import { scalarJson, scalarText } from './yaml-scalar.js';

/** Reads the files that an `!include` names, one after another. */
export type YamlIncludeReader = (
  pattern: string,
  at: Location,
  from: SourceText,
  read: (source: SourceText) => void,
) => void;

export interface YamlOptions {
  readonly context: EmbeddedContext;
  readonly include: YamlIncludeReader;
  /** Parses an included file that is not YAML into a section. */
  readonly parseInto: (source: SourceText, into: ConfigElement) => void;
  readonly log?: ConfigLogger | undefined;
}

/** The most nodes that aliases may blow a file up to. */
const MAX_NODES = 200_000;

/** A node with the file that it is from, because an `!include` brings nodes of other files. */
export interface Place {
  readonly node: Node | null;
  readonly file: YamlFile;
  /** Where to point if there is no node. */
  readonly offset: number;
}

interface YamlFile {
  readonly source: SourceText;
  readonly document: Document;
}

/** An entry of a map. */
export interface Entry {
  readonly key: Place;
  readonly value: Place;
}

const TAGS = ['!fluent/s', '!fluent/json', '!include'];
const KNOWN_TAGS = /^(?:!fluent\/s|!fluent\/json|!include|!|tag:yaml\.org,2002:\w+)$/;

export function isYamlPath(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/**
 * What YAML means below the sections: maps, values, aliases, tags and includes, each with its place.
 */
export class YamlNodes {
  readonly #options: YamlOptions;
  readonly #aliases = new WeakMap<Node, Node>();
  #count = 0;

  constructor(options: YamlOptions) {
    this.#options = options;
  }

  /** Parses a file; what it returns is the node at its top. */
  open(source: SourceText): Place {
    const document = parseDocument(source.text);
    const error = document.errors.at(0);
    if (error) {
      throw new ConfigError(`invalid YAML: ${error.message}`, {
        code: 'ERR_SLUICE_CONFIG_SYNTAX',
        location: source.at(Math.min(error.pos[0], source.text.length)),
        hint: hintFor(error.code),
        cause: error,
      });
    }
    const node = isNode(document.contents) ? document.contents : null;
    return { node, file: { source, document }, offset: 0 };
  }

  /** A parameter's value. A list of plain values is an array, as its JSON would be. */
  scalar(place: Place): { value: ParamValue; form: ParamForm } {
    const { node } = place;
    if (node === null) return { value: null, form: 'yaml' };
    if (node.tag === '!fluent/json' || isSeq(node) || isMap(node)) {
      const value = this.#json(place);
      return { value, form: /^[[{]/.test(value) ? 'json' : 'yaml' };
    }
    if (node.tag === '!fluent/s') {
      const text = isScalar(node) ? String(node.value) : '';
      return { value: this.#template(text, place), form: 'yaml' };
    }
    return { value: isScalar(node) ? scalarText(node) : null, form: 'yaml' };
  }

  #template(text: string, place: Place): ParamValue {
    try {
      return evaluateTemplate(text, place.file.source.file, this.#options.context);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(error.message, {
        code: error.code,
        location: this.at(place),
        hint: error.hint,
        cause: error,
      });
    }
  }

  #json(outer: Place): string {
    const place = this.resolve(outer);
    const { node } = place;
    if (isSeq(node)) {
      const items = node.items.map((item) =>
        this.#json({ ...place, node: isNode(item) ? item : null }),
      );
      return `[${items.join(',')}]`;
    }
    if (isMap(node)) {
      const entries = [...this.map(place, 'a hash')];
      return `{${entries.map(([key, { value }]) => `${JSON.stringify(key)}:${this.#json(value)}`).join(',')}}`;
    }
    if (node?.tag === '!fluent/s' && isScalar(node)) {
      const value = this.#template(String(node.value), place);
      return typeof value === 'string' ? JSON.stringify(value) : 'null';
    }
    return scalarJson(node);
  }

  /** The entries of a map by their keys, with what `<<` merges into it. */
  map(outer: Place, what: string, depth = 0): Map<string, Entry> {
    const place = this.resolve(outer);
    if (!isMap(place.node)) {
      throw this.error(place, `expected ${what} to be a map`, 'write "key: value" lines');
    }
    const entries = new Map<string, Entry>();
    for (const pair of place.node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) {
        throw this.error(place, 'expected a key to be text', 'write "key: value"');
      }
      const keyNode = pair.key;
      const key: Place = { ...place, node: keyNode };
      const value: Place = {
        ...place,
        node: isNode(pair.value) ? pair.value : null,
        offset: keyNode.range?.[1] ?? place.offset,
      };
      const name = keyNode.source ?? String(keyNode.value);
      if (name === '<<' && keyNode.type === 'PLAIN' && depth < 100) {
        const merged = this.resolve(value);
        const maps = isSeq(merged.node)
          ? merged.node.items.map((item): Place => ({
              ...merged,
              node: isNode(item) ? item : null,
            }))
          : [merged];
        for (const map of maps) {
          for (const [inner, entry] of this.map(map, 'what << merges', depth + 1)) {
            if (!entries.has(inner)) entries.set(inner, entry);
          }
        }
      } else entries.set(name, { key, value });
    }
    return entries;
  }

  /** Follows an alias or an `!include` to what it stands for. */
  resolve(place: Place): Place {
    if (++this.#count > MAX_NODES) {
      throw this.error(place, `more than ${MAX_NODES} values, counting what aliases repeat`);
    }
    const { node, file } = place;
    if (isAlias(node)) {
      // Resolving walks the document; an alias that aliases repeat is resolved once.
      const target = this.#aliases.get(node) ?? node.resolve(file.document);
      if (target) this.#aliases.set(node, target);
      if (target) return this.resolve({ ...place, node: target });
      throw this.error(
        place,
        `unknown alias *${node.source}`,
        `define it before as &${node.source}`,
      );
    }
    if (node?.tag === '!include') {
      let content: Place | undefined;
      this.#options.include(this.includePath(place), this.at(place), file.source, (included) => {
        if (content || !isYamlPath(included.file)) {
          throw this.error(
            place,
            'an !include here takes exactly one YAML file',
            'only as an item of a config list may it name several files, or files of other kinds',
          );
        }
        // Read to the end while the file counts as open, so that a loop is found.
        content = this.resolve(this.open(included));
      });
      return content ?? { ...place, node: null };
    }
    if (node?.tag !== undefined && !KNOWN_TAGS.test(node.tag)) {
      throw this.error(
        place,
        `unknown tag ${node.tag}`,
        didYouMean(node.tag, TAGS) ?? `known are ${TAGS.join(', ')}`,
      );
    }
    return place;
  }

  /** The path that an `!include` names. */
  includePath(place: Place): string {
    if (isScalar(place.node) && typeof place.node.value === 'string') return place.node.value;
    throw this.error(place, '!include needs a path', 'write !include path/to/file.yaml');
  }

  /** Where a node is. */
  at({ node, file, offset }: Place): Location {
    return file.source.at(node?.range?.[0] ?? offset);
  }

  /** An error that points at a node. */
  error(place: Place, message: string, hint?: string): ConfigError {
    return new ConfigError(message, {
      code: 'ERR_SLUICE_CONFIG_SYNTAX',
      location: this.at(place),
      hint,
    });
  }
}

function hintFor(code: string): string | undefined {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'indent with blanks';
    case 'DUPLICATE_KEY':
      return 'keep one of them; sections of the same name are a list: "- name: …"';
    case 'MULTIPLE_DOCS':
      return 'a configuration is one document: remove the line ---';
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'IMPOSSIBLE':
    case 'MISSING_CHAR':
      return 'check the indentation, and that "key:" has a blank after the colon';
    default:
      return undefined;
  }
}
