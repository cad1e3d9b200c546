import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define } from './define.js';
import type { ParseConfig } from './parse-params.js';
import { timeReader, type ReadTime, type TimeType } from './read-time.js';
import { pathOf } from './regexp.js';
import { TextParser, type ParsedRecord } from './text-parser.js';

// Each part ends where the next one begins: no text takes more than one look at each character.
const quoted = String.raw`(?:[^"\\]|\\[^])*`;
const line = new RegExp(
  String.raw`^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] ` +
    String.raw`"(?<method>[^\s"]+)(?: +(?! )(?<path>${quoted}))?" (?<code>[^ ]*) (?<size>[^ ]*)` +
    String.raw`(?: "(?<referer>${quoted})" "(?<agent>${quoted})")?\n?$`,
);

const orNull = (text: string | undefined): string | null =>
  text === undefined || text === '-' ? null : text;
const whole = (text: string): number => Number.parseInt(text, 10) || 0;

class Apache2Parser extends TextParser {
  readonly #readTime: ReadTime;

  constructor(context: PluginContext, config: ParseConfig & { readonly timeType: TimeType }) {
    super(context, 'apache2', config);
    this.#readTime = timeReader({ ...config, timeFormat: '%d/%b/%Y:%H:%M:%S %z' });
  }

  protected readText(text: string, found: ParsedCallback): void {
    const groups = line.exec(text)?.groups as Record<string, string | undefined> | undefined;
    if (groups === undefined) throw this.mismatch();
    const { host, user, time, method, path, code = '', size = '', referer, agent } = groups;
    const record: ParsedRecord = {
      host: orNull(host),
      user: orNull(user),
      method,
      path: path === undefined ? null : pathOf(path),
      code: whole(code) || null,
      size: size === '-' ? null : whole(size),
      referer: orNull(referer),
      agent: orNull(agent),
    };
    const at = this.timeOf(time, this.#readTime);
    if (this.keepTimeKey) record.time = time;
    found(at, record);
  }
}

/** `@type apache2`. Fluentd: `parser_apache2`. */
export const apache2Parser = define({
  type: 'apache2',
  description: "Apache's access log, in its formats 'combined' and 'common'.",
  create: (context, config) => new Apache2Parser(context, config),
});
