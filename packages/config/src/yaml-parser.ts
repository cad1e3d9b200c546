import { ConfigElement } from './config-element.js';
import { didYouMean } from './nearest.js';
import type { SourceText } from './source-text.js';
import { isMap, isNode, isScalar, isSeq } from './yaml-library.js';
import { isYamlPath, YamlNodes, type Entry, type Place, type YamlOptions } from './yaml-nodes.js';
import { scalarText } from './yaml-scalar.js';

/** The sections of a `config:` list. Fluentd takes those of one list item in this order. */
const DIRECTIVES = ['label', 'source', 'filter', 'match', 'worker'];

/** `$type` in YAML is `@type`. */
const SYSTEM_KEYS: Readonly<Partial<Record<string, string>>> = {
  $type: '@type',
  $id: '@id',
  $label: '@label',
  $log_level: '@log_level',
};

/**
 * Parses a YAML configuration (Fluentd's since 1.15) into `root`: a map with `system` and a list
 * `config`. A file that is included may also be just such a list.
 */
export function parseYaml(source: SourceText, root: ConfigElement, options: YamlOptions): void {
  new YamlParser(options).read(source, root);
}

class YamlParser {
  readonly #options: YamlOptions;
  readonly #nodes: YamlNodes;

  constructor(options: YamlOptions) {
    this.#options = options;
    this.#nodes = new YamlNodes(options);
  }

  /** A whole file. */
  read(source: SourceText, root: ConfigElement): void {
    this.#file(this.#nodes.open(source), root);
  }

  #file(place: Place, root: ConfigElement): void {
    if (isSeq(place.node)) {
      this.#list(place, root);
      return;
    }
    if (place.node === null || (isScalar(place.node) && place.node.value === null)) return;
    const entries = this.#nodes.map(place, 'the configuration');
    for (const [key, entry] of entries) {
      if (key === 'system') this.#section('system', entry.value, root, entry.key);
      else if (key === 'config') this.#list(this.#nodes.resolve(entry.value), root);
      else {
        const near = didYouMean(key, ['system', 'config']);
        const { file, line } = this.#nodes.at(entry.key);
        this.#options.log?.warn(
          { file, line, parameter: key },
          `${file}:${line}: unknown key ${key} is not used` + (near ? `; ${near}` : ''),
        );
      }
    }
  }

  /** A list of sections, as `config:` holds. */
  #list(place: Place, into: ConfigElement): void {
    if (!isSeq(place.node)) {
      throw this.#nodes.error(
        place,
        'expected a list of sections',
        'write each section as an item: "- source:" with its parameters below',
      );
    }
    for (const item of place.node.items) {
      const inner: Place = { ...place, node: isNode(item) ? item : null };
      if (inner.node?.tag === '!include') this.#includeItems(inner, into);
      else this.#item(inner, into);
    }
  }

  #includeItems(place: Place, into: ConfigElement): void {
    const { source } = place.file;
    this.#options.include(
      this.#nodes.includePath(place),
      this.#nodes.at(place),
      source,
      (included) => {
        if (!isYamlPath(included.file)) {
          this.#options.parseInto(included, into);
          return;
        }
        const content = this.#nodes.open(included);
        if (isMap(content.node) && !content.node.has('config')) this.#item(content, into);
        else this.#file(content, into);
      },
    );
  }

  #item(place: Place, into: ConfigElement): void {
    const entries = this.#nodes.map(place, 'each item of config');
    for (const [key, entry] of entries) {
      if (DIRECTIVES.includes(key)) continue;
      throw this.#nodes.error(
        entry.key,
        `unknown section ${key} in config`,
        didYouMean(key, DIRECTIVES) ?? `known are ${DIRECTIVES.join(', ')}`,
      );
    }
    for (const name of DIRECTIVES) {
      const entry = entries.get(name);
      if (!entry) continue;
      if (name === 'label' || name === 'worker') this.#group(name, entry.value, into, entry.key);
      else this.#section(name, entry.value, into, entry.key);
    }
  }

  /** `label` and `worker`, which hold a `config` list of their own. */
  #group(name: string, place: Place, into: ConfigElement, keyPlace: Place): void {
    const entries = this.#nodes.map(this.#nodes.resolve(place), name);
    const argument = entries.get(name === 'label' ? '$name' : '$arg');
    const config = entries.get('config');
    for (const [key, entry] of entries) {
      if (entry === argument || entry === config) continue;
      const known = [name === 'label' ? '$name' : '$arg', 'config'];
      throw this.#nodes.error(
        entry.key,
        `unknown key ${key} in ${name}`,
        didYouMean(key, known) ?? `known are ${known.join(' and ')}`,
      );
    }
    if (!config) {
      throw this.#nodes.error(
        keyPlace,
        `${name} has no config`,
        `add config: with a list of sections`,
      );
    }
    const element = this.#element(name, keyPlace, argument?.value, ',');
    into.elements.push(element);
    this.#list(this.#nodes.resolve(config.value), element);
  }

  #section(name: string, place: Place, into: ConfigElement, keyPlace: Place): void {
    const resolved = this.#nodes.resolve(place);
    const { node } = resolved;
    const empty = node === null || (isScalar(node) && scalarText(node) === null);
    const entries = empty ? new Map<string, Entry>() : this.#nodes.map(resolved, name);
    const tagged = name === 'match' || name === 'filter';
    const argumentKey = tagged && entries.has('$tag') ? '$tag' : '$arg';
    const argument = entries.get(argumentKey);
    // A list of tags is several patterns, and those are separated by blanks.
    const element = this.#element(name, keyPlace, argument?.value, tagged ? ' ' : ',');
    into.elements.push(element);
    for (const [key, entry] of entries) {
      if (entry !== argument) this.#entry(SYSTEM_KEYS[key] ?? key, entry, element);
    }
  }

  #element(
    name: string,
    keyPlace: Place,
    argument: Place | undefined,
    separator: string,
  ): ConfigElement {
    return new ConfigElement({
      name,
      arg: argument ? this.#argument(argument, separator) : '',
      location: this.#nodes.at(keyPlace),
      argLocation: argument && this.#nodes.at(argument),
    });
  }

  #argument(place: Place, separator: string): string {
    const { node, file } = this.#nodes.resolve(place);
    const items = isSeq(node) ? node.items : [node];
    const words = items.map((item) => {
      const inner: Place = { node: isNode(item) ? item : null, file, offset: place.offset };
      const resolved = this.#nodes.resolve(inner);
      const value = isScalar(resolved.node) ? this.#nodes.scalar(resolved).value : null;
      if (typeof value === 'string') return value;
      throw this.#nodes.error(inner, 'expected text', 'an argument is text, or a list of texts');
    });
    return words.join(separator);
  }

  /** A key of a section: a parameter, a section inside, or a list of them. */
  #entry(name: string, entry: Entry, element: ConfigElement): void {
    const place = this.#nodes.resolve(entry.value);
    const { node } = place;
    if (node?.tag !== '!fluent/json') {
      if (isMap(node)) {
        this.#section(name, place, element, entry.key);
        return;
      }
      if (isSeq(node) && node.items.length > 0) {
        const items = node.items.map((item): Place =>
          this.#nodes.resolve({ ...place, node: isNode(item) ? item : null }),
        );
        if (items.every((item) => isMap(item.node))) {
          for (const item of items) this.#section(name, item, element, item);
          return;
        }
      }
    }
    element.params.set(name, {
      name,
      ...this.#nodes.scalar(place),
      location: this.#nodes.at(entry.key),
      valueLocation: this.#nodes.at(place),
    });
  }
}
