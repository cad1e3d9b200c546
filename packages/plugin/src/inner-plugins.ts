import { ConfigElement } from '@sluice/config';
import type { InnerKind, InnerPlugin, PluginContext } from './context.js';
import { sectionOfKind } from './definition.js';
import type { Formatter } from './formatter.js';
import type { Parser } from './parser.js';

/**
 * Makes a plugin inside of another one: see {@link PluginContext.create}.
 *
 * @throws ConfigError for a wrong section; TypeError where the host makes no plugins inside of others
 */
export function innerPlugin<Kind extends InnerKind>(
  context: PluginContext,
  kind: Kind,
  element: ConfigElement,
  usual?: string,
): InnerPlugin<Kind> {
  if (context.create === undefined) {
    throw new TypeError(`plugin ${context.id}: this host makes no ${kind} inside of a plugin`);
  }
  return context.create(kind, element, usual);
}

/**
 * The one section of a kind inside a plugin's section; an empty one where it is absent.
 *
 * @throws ConfigError where there are several
 */
export function sectionOf(parent: ConfigElement, kind: InnerKind): ConfigElement {
  const name = sectionOfKind[kind];
  const [first, second] = parent.children(name) as (ConfigElement | undefined)[];
  if (second !== undefined) {
    throw second.error(`duplicate <${name}>`, {
      code: 'ERR_SLUICE_CONFIG_SECTION',
      hint: 'keep one of them',
    });
  }
  return first ?? new ConfigElement({ name, location: parent.location });
}

/**
 * The formatter that the `<format>` section of an output asks for, or Fluentd's old parameter
 * `format TYPE`.
 *
 * @param parent the output's section
 * @param usual the type where none is named
 * @throws ConfigError
 */
export function formatterOf(
  context: PluginContext,
  parent: ConfigElement,
  usual: string,
): Formatter {
  return innerPlugin(context, 'formatter', sectionOrOld(parent, 'formatter'), usual);
}

/**
 * The parser that the `<parse>` section asks for, or Fluentd's old parameter `format TYPE`.
 *
 * @param parent the section that the `<parse>` is in
 * @param usual the type where none is named. Default: one is required
 * @throws ConfigError
 */
export function parserOf(context: PluginContext, parent: ConfigElement, usual?: string): Parser {
  return innerPlugin(context, 'parser', withExpression(sectionOrOld(parent, 'parser')), usual);
}

/** Fluentd's old way of `@type regexp`: the expression in the place of the type. */
function withExpression(section: ConfigElement): ConfigElement {
  const type = section.params.get('@type');
  if (typeof type?.value !== 'string' || !/^\/.+\/[im]*$/.test(type.value)) return section;
  const { name, arg, location, elements } = section;
  const others = [...section.params.values()].filter((one) => one !== type);
  const params = [
    { ...type, value: 'regexp' },
    { ...type, name: 'expression' },
    ...others.filter((one) => one.name !== 'expression'),
  ];
  return new ConfigElement({ name, arg, location, elements, params });
}

/** The section, or one that stands for the old parameter. */
function sectionOrOld(parent: ConfigElement, kind: 'formatter' | 'parser'): ConfigElement {
  const section = sectionOf(parent, kind);
  const old = parent.params.get('format');
  if (old === undefined || parent.children(section.name).length > 0) return section;
  return new ConfigElement({
    name: section.name,
    location: old.location,
    params: [{ ...old, name: '@type' }],
  });
}
