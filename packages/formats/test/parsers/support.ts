import { parseConfig } from '@sluice/config';
import { EventTime } from '@sluice/event-stream';
import { isPluginDefinition, type Parser, type ParserDefinition } from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import * as formats from '../../src/index.js';

const parsers = new Map<string, ParserDefinition>();
for (const definition of (Object.values(formats) as unknown[]).filter(isPluginDefinition)) {
  if (definition.kind === 'parser') parsers.set(definition.type, definition);
}

/** The types of all parsers. */
export const parserTypes = [...parsers.keys()];

/** A parser, from what stands inside of `<parse>`. */
export function parserFor(type: string, params: string): Parser {
  const text = `<parse>\n@type ${type}\n${params}\n</parse>\n`;
  const [element] = parseConfig(text, { path: 'test.conf' }).elements;
  const definition = parsers.get(type)!;
  const context = { id: 'test', log: silentLogger };
  return definition.create(definition.section.read(element), context, element);
}

/** All events in a text, and the error where it ended with one. */
export function parsed(
  parser: Parser,
  text: string | Buffer,
): { events: [EventTime | undefined, Record<string, unknown>][]; error?: Error } {
  const events: [EventTime | undefined, Record<string, unknown>][] = [];
  try {
    parser.parse(Buffer.from(text), (time, record) => events.push([time, record]));
  } catch (error) {
    return { events, error: error as Error };
  }
  return { events };
}
