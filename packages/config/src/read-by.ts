import type { ConfigElement } from './config-element.js';
import type { SectionSchema } from './section-types.js';

// Properties by global symbols, so that two copies of this package know each other's: a plugin that
// brings its own reads a section, and the agent prints it.
const readBy: unique symbol = Symbol.for('@sluice/config.readBy');
const readFrom: unique symbol = Symbol.for('@sluice/config.readFrom');

interface ReadElement {
  [readBy]?: readonly SectionSchema[];
}

/** The definitions by which a section was read, so that dumps know its secrets and defaults. */
export function schemasOf(element: ConfigElement): readonly SectionSchema[] {
  return (element as ReadElement)[readBy] ?? [];
}

/** Notes that a section is read by a definition. */
export function noteSchema(element: ConfigElement, schema: SectionSchema): void {
  hide(element, readBy, [...schemasOf(element), schema]);
}

/**
 * The section that a value of `section.read` was read from, for errors that are found later; of
 * nested sections' values too. A copy of the value (`{ ...value }`) does not have it.
 */
export function elementOf(value: object): ConfigElement | undefined {
  return (value as { [readFrom]?: ConfigElement })[readFrom];
}

/** Notes which section a value was read from. */
export function noteElement(value: object, element: ConfigElement): void {
  hide(value, readFrom, element);
}

/** Not enumerable: no log, copy or comparison sees it. */
function hide(target: object, key: symbol, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: false });
}
