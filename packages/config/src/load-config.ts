import { resolve } from 'node:path';
import { ConfigElement } from './config-element.js';
import { ConfigError } from './config-error.js';
import { diskFiles, type ConfigFiles } from './config-files.js';
import type { EmbeddedContext } from './embedded-code.js';
import { basePathOf, Includes, reasonOf } from './include.js';
import type { ConfigLogger } from './logger.js';
import { SourceText } from './source-text.js';
import { parseV1 } from './v1-parser.js';
import { isYamlPath } from './yaml-nodes.js';
import { parseYaml } from './yaml-parser.js';

/** How to read a configuration. */
export interface LoadOptions extends EmbeddedContext {
  /** Takes warnings: deprecated spellings, parameters set twice. Default: none is given. */
  readonly log?: ConfigLogger | undefined;
  /** Where files are read from. Default: {@link diskFiles}. */
  readonly files?: ConfigFiles | undefined;
}

/** How to parse a configuration that is at hand as text. */
export interface ParseOptions extends LoadOptions {
  /**
   * The file's path, for messages, for relative `@include`s and for the syntax: YAML if it ends
   * with `.yaml` or `.yml`. Default: `(config)` in the working directory.
   */
  readonly path?: string | undefined;
}

/**
 * Reads a configuration file with all that it includes: Fluentd's v1 language, or YAML if the name
 * ends with `.yaml` or `.yml`.
 *
 * @returns the whole configuration as a section named `ROOT`
 * @throws ConfigError - a mistake in the file, or the file cannot be read
 */
// Files are read synchronously, those that are included too; a promise leaves room for more.
// eslint-disable-next-line @typescript-eslint/require-await
export async function loadConfig(path: string, options: LoadOptions = {}): Promise<ConfigElement> {
  let text: string;
  try {
    text = (options.files ?? diskFiles).read(path);
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration ${path}: ${reasonOf(cause)}`, {
      code: 'ERR_SLUICE_CONFIG_FILE',
      hint: `the path is taken relative to ${resolve('.')}`,
      cause,
    });
  }
  return parse(new SourceText(path, text), options, true);
}

/**
 * Parses a configuration.
 *
 * @returns the whole configuration as a section named `ROOT`
 * @throws ConfigError - a mistake in the text or in a file that it includes
 */
export function parseConfig(text: string, options: ParseOptions = {}): ConfigElement {
  return parse(new SourceText(options.path ?? '(config)', text), options, false);
}

function parse(source: SourceText, options: LoadOptions, isFile: boolean): ConfigElement {
  const includes = new Includes(options.files ?? diskFiles);
  const root = new ConfigElement({ name: 'ROOT', location: source.at(0) });
  const parseInto = (from: SourceText, into: ConfigElement): void => {
    const common = { context: options, log: options.log };
    if (isYamlPath(from.file)) {
      parseYaml(from, into, {
        ...common,
        parseInto,
        include: (pattern, at, file, read) =>
          includes.each(pattern, at, basePathOf(file.file), read),
      });
    } else {
      parseV1(from, into, {
        ...common,
        include: (pattern, at, file, section) =>
          includes.each(pattern, at, basePathOf(file.file), (included) =>
            parseInto(included, section),
          ),
      });
    }
  };
  if (isFile) includes.enter(source.file, undefined, () => parseInto(source, root));
  else parseInto(source, root);
  return root;
}
