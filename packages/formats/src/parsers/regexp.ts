import { t, type CheckContext, type ConfigElement } from '@sluice/config';
import type { ParsedCallback, ParserDefinition, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import type { ParseDefaults } from './parse-params.js';
import { setField, TextParser, type ParsedRecord } from './text-parser.js';

const params = {
  ignorecase: t.bool().default(false).describe('The same as the option i of the expression'),
  multiline: t.bool().default(false).describe('The same as the option m of the expression'),
};
const withExpression = {
  expression: t
    .regexp()
    .optional()
    .describe('Regular expression with named groups: /^(?<level>\\w+) (?<message>.*)$/'),
  ...params,
};
type Config = Filled<typeof withExpression>;

/** The fields that named groups have found; those that took no part are left out. */
export function groupsOf(match: RegExpExecArray): ParsedRecord {
  const record: ParsedRecord = {};
  const groups = match.groups as Record<string, string | undefined>;
  for (const name in groups) {
    const value = groups[name];
    if (value !== undefined) setField(record, name, value);
  }
  return record;
}

/**
 * The path of what follows the method in a request, `/a b HTTP/1.1`: all but the last word. A regular
 * expression for it would take the cube of the time for a request of blanks.
 */
export function pathOf(rest: string): string {
  const blank = rest.lastIndexOf(' ');
  if (blank < 0 || /\s/.test(rest.slice(blank + 1))) return rest;
  let end = blank;
  while (end > 0 && rest[end - 1] === ' ') end--;
  return rest.slice(0, end);
}

/** Whether an expression has a named group. */
export function hasNames(expression: RegExp): boolean {
  return new RegExp(`${expression.source}|`, expression.flags).exec('')?.groups !== undefined;
}

class RegexpParser extends TextParser {
  readonly #expression: RegExp;

  readonly #change: ((record: ParsedRecord) => void) | undefined;

  constructor(
    context: PluginContext,
    type: string,
    config: Config,
    expression: RegExp,
    change?: (record: ParsedRecord) => void,
  ) {
    super(context, type, config);
    this.#change = change;
    const { ignorecase, multiline } = config;
    const flags = new Set(expression.flags);
    if (ignorecase) flags.add('i');
    if (multiline) flags.add('s');
    this.#expression = new RegExp(expression.source, [...flags].join(''));
  }

  protected readText(text: string, found: ParsedCallback): void {
    const match = this.#expression.exec(text);
    if (match === null) throw this.mismatch();
    const record = groupsOf(match);
    this.#change?.(record);
    this.finish(record, found);
  }
}

/** The expression of the section; the parameter multiline gives it the option m of Ruby. */
function expressionOf({ expression, multiline }: Config, element: ConfigElement): RegExp {
  const text = element.get('expression');
  if (!multiline || text === undefined) return expression!;
  const option = text.startsWith('/') ? `${text}${text.endsWith('m') ? '' : 'm'}` : `/${text}/m`;
  const read = t.regexp().read(option);
  return read.ok ? read.value : expression!;
}

function checkNames({ expression }: Config, context: CheckContext): void {
  if (expression === undefined || hasNames(expression)) return;
  throw context.error(
    'expression',
    'the expression has no named group',
    'write (?<name>…) around what is to be a field',
  );
}

function defineRegexp(
  type: string,
  description: string,
  expression: RegExp | undefined,
  usual: ParseDefaults,
  /** What remains to be done after the expression that is built in. */
  change?: (record: ParsedRecord) => void,
): ParserDefinition {
  return define({
    type,
    description,
    params: withExpression,
    usual,
    check: (config, context) => {
      checkNames(config as Config, context);
      if (config.expression === undefined && expression === undefined) {
        throw context.error(undefined, 'expression is required', 'add expression /(?<message>.*)/');
      }
    },
    create: (context, config, element) =>
      config.expression === undefined
        ? new RegexpParser(context, type, config, expression!, change)
        : new RegexpParser(context, type, config, expressionOf(config, element)),
  });
}

/** `@type regexp`. Fluentd: `parser_regexp`. */
export const regexpParser = defineRegexp(
  'regexp',
  'Fields by the named groups of a regular expression.',
  undefined,
  { timeKey: 'time' },
);

/** `@type apache_error`. Fluentd: `parser_apache_error`. */
export const apacheErrorParser = defineRegexp(
  'apache_error',
  "Apache's error log.",
  new RegExp(
    String.raw`^\[[^ ]* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?(?: \[client (?<client>[^\]]*)\])? (?<message>[^\n]*)`,
  ),
  { timeKey: 'time' },
);

/** `@type apache`. Fluentd: `parser_apache`; its fields are texts, other than those of apache2. */
export const apacheParser = defineRegexp(
  'apache',
  "Apache's access log, in its formats 'combined' and 'common', with texts as values.",
  new RegExp(
    String.raw`^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] ` +
      String.raw`"(?<method>[^\s"]+)(?: +(?<path>[^ "]*) +[^\s"]*)?" (?<code>[^ ]*) (?<size>[^ ]*)` +
      String.raw`(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)")?\n?$`,
  ),
  { timeKey: 'time', timeFormat: '%d/%b/%Y:%H:%M:%S %z' },
);

/** `@type nginx`. Fluentd: `parser_nginx`. */
export const nginxParser = defineRegexp(
  'nginx',
  "The access log of nginx, in its format 'combined'.",
  new RegExp(
    String.raw`^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] ` +
      String.raw`"(?<method>[^\s"]+)(?: +(?! )(?<path>[^"]*))?" (?<code>[^ ]*) (?<size>[^ ]*)` +
      String.raw`(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)"(?:\s+(?!\s)"?(?<http_x_forwarded_for>[^"]*)"?)?)?\n?$`,
  ),
  { timeKey: 'time', timeFormat: '%d/%b/%Y:%H:%M:%S %z' },
  (record) => {
    if (typeof record.path === 'string') record.path = pathOf(record.path);
  },
);
