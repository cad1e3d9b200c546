import { t, type CheckContext } from '@sluice/config';
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

/** Whether an expression has a named group. */
export function hasNames(expression: RegExp): boolean {
  return new RegExp(`${expression.source}|`, expression.flags).exec('')?.groups !== undefined;
}

class RegexpParser extends TextParser {
  readonly #expression: RegExp;

  constructor(context: PluginContext, type: string, config: Config, expression: RegExp) {
    super(context, type, config);
    const { ignorecase, multiline } = config;
    const flags = new Set(expression.flags);
    if (ignorecase) flags.add('i');
    if (multiline) flags.add('s');
    this.#expression = new RegExp(expression.source, [...flags].join(''));
  }

  protected readText(text: string, found: ParsedCallback): void {
    const match = this.#expression.exec(text);
    if (match === null) throw this.mismatch();
    this.finish(groupsOf(match), found);
  }
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
    create: (context, config) =>
      new RegexpParser(context, type, config, config.expression ?? expression!),
  });
}

/** `@type regexp`. Fluentd: `parser_regexp`. */
export const regexpParser = defineRegexp(
  'regexp',
  'Fields by the named groups of a regular expression.',
  undefined,
  { timeKey: 'time' },
);

const rest = '(?<message>[^\\n]*)$';

/** `@type apache_error`. Fluentd: `parser_apache_error`. */
export const apacheErrorParser = defineRegexp(
  'apache_error',
  "Apache's error log.",
  new RegExp(
    String.raw`^\[[^ ]* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?(?: \[client (?<client>[^\]]*)\])? ` +
      rest,
    'm',
  ),
  { timeKey: 'time' },
);

/** `@type nginx`. Fluentd: `parser_nginx`. */
export const nginxParser = defineRegexp(
  'nginx',
  "The access log of nginx, in its format 'combined'.",
  new RegExp(
    String.raw`^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] ` +
      String.raw`"(?<method>\S+)(?: +(?<path>[^"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)` +
      String.raw`(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)"(?:\s+"?(?<http_x_forwarded_for>[^"]*)"?)?)?$`,
    'm',
  ),
  { timeKey: 'time', timeFormat: '%d/%b/%Y:%H:%M:%S %z' },
);
