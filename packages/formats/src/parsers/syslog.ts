import { t } from '@sluice/config';
import type { EventTime } from '@sluice/event-stream';
import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { timeReader, type ReadTime } from './read-time.js';
import { TextParser, type ParsedRecord } from './text-parser.js';

const params = {
  withPriority: t.bool().default(false).describe('The text begins with a priority, <34>'),
  messageFormat: t
    .enum(['rfc3164', 'rfc5424', 'auto'])
    .default('rfc3164')
    .describe('The format; auto finds it for each text, by the version behind the priority'),
  rfc5424TimeFormat: t
    .string()
    .default('%Y-%m-%dT%H:%M:%S.%L%z')
    .describe('Format of times in RFC 5424; without a fraction they are read, too'),
  parserEngine: t
    .enum(['regexp', 'string'])
    .optional()
    .describe('How RFC 3164 is read: string wants an identifier with a colon (default: regexp)'),
  parserType: t.enum(['regexp', 'string']).optional().describe('The old name of parser_engine'),
  supportColonlessIdent: t
    .bool()
    .default(true)
    .describe('For parser_engine string: an identifier may be without a colon'),
};
type Config = Filled<typeof params>;

const usual3164 = '%b %d %H:%M:%S';
const priority = /^<(\d{1,3})>/;
const priority5424 = /^<(\d{1,3})>\d\d{0,2}\s/;
const looks5424 = /^<\d{1,3}>[1-9]\d{0,2}/;
const body3164 = /([^ ]*) ([^ :[]*)(?:\[([0-9]+)\])?(?:[^:]*:)? *([^\n]*)(?:\n|(?![^]))/g;
const head5424 = /[^!-~]*([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (?=[-[])/y;
/** What follows structured data: a blank and a message, or nothing. */
const dataEnd = /(?<!\\)\](?= [^]|(?![^]))/g;

/** One way to read the head of a text. */
interface Head {
  readonly read: ReadTime;
  /** How many blanks the time has, and one more. */
  readonly words: number;
}

/** What the head of a text says. */
interface Found {
  readonly pri: number | undefined;
  readonly time: EventTime;
  readonly timeText: string;
  /** Where what follows begins. */
  readonly at: number;
}

const chomp = (text: string): string => text.replace(/(?:\r\n|\n|\r)$/, '');

class SyslogParser extends TextParser {
  readonly #config: Config;
  readonly #strings: boolean;
  readonly #head3164: Head;
  readonly #head5424: Head;

  constructor(context: PluginContext, config: Config) {
    super(context, 'syslog', config);
    this.#config = config;
    this.#strings = (config.parserEngine ?? config.parserType) === 'string';
    const { timeFormat, rfc5424TimeFormat, messageFormat } = config;
    this.#head3164 = this.#headOf(timeFormat ?? usual3164);
    const fine = this.#headOf(
      messageFormat === 'rfc5424' ? (timeFormat ?? rfc5424TimeFormat) : rfc5424TimeFormat,
    );
    const coarse = timeReader({ ...config, timeType: 'string', timeFormat: '%Y-%m-%dT%H:%M:%S%z' });
    this.#head5424 = {
      ...fine,
      read: (value) => {
        try {
          return fine.read(value);
        } catch {
          return coarse(value);
        }
      },
    };
  }

  protected readText(text: string, found: ParsedCallback): void {
    const { messageFormat } = this.#config;
    const is5424 =
      messageFormat === 'rfc5424' || (messageFormat === 'auto' && looks5424.test(text));
    if (is5424) this.#read5424(text, found);
    else this.#read3164(text, found);
  }

  #read3164(text: string, found: ParsedCallback): void {
    const head = this.#head(text, priority, this.#head3164);
    if (this.#strings) {
      const record: ParsedRecord = {};
      this.#strings3164(text, head, record);
      this.#foundAfter(head, record, found);
      return;
    }
    const record = this.#recordAfter(head);
    // Without a blank the search would begin anew at each character.
    if (!text.includes(' ', head.at)) throw this.mismatch();
    body3164.lastIndex = head.at;
    const match = body3164.exec(text) as (string | undefined)[] | null;
    if (match === null) throw this.mismatch();
    record.host = match[1];
    record.ident = match[2];
    if (match[3] !== undefined) record.pid = match[3];
    record.message = chomp(match[4] ?? '');
    found(head.time, record);
  }

  /** An identifier is what ends with a colon, or without one where that is allowed. */
  #strings3164(text: string, { at, pri }: Found, record: ParsedRecord): void {
    const hostEnd = text.indexOf(' ', at);
    if (hostEnd < 0) throw this.mismatch();
    record.host = text.slice(at, hostEnd);
    if (pri !== undefined) record.pri = pri;
    const from = hostEnd + 1;
    const end = text.indexOf(' ', from);
    const word = end < 0 ? '' : text.slice(from, end);
    const colon = word.endsWith(':');
    if (end < 0 || (!colon && !this.#config.supportColonlessIdent)) {
      record.message = chomp(text.slice(from));
      return;
    }
    const ident = colon ? word.slice(0, -1) : word;
    const bracket = ident.endsWith(']') ? ident.indexOf('[') : -1;
    record.ident = bracket < 0 ? ident : ident.slice(0, bracket);
    if (bracket >= 0) record.pid = ident.slice(bracket + 1, -1);
    record.message = chomp(text.slice(end + 1));
  }

  #read5424(text: string, found: ParsedCallback): void {
    const head = this.#head(text, priority5424, this.#head5424);
    head5424.lastIndex = head.at;
    const match = head5424.exec(text);
    if (match === null) throw this.mismatch();
    const from = head5424.lastIndex;
    const to = text[from] === '-' ? from + 1 : endOfData(text, from);
    const after = text.slice(to);
    if (to < 0 || (after !== '' && !/^ [^]/.test(after))) throw this.mismatch();
    const data = text.slice(from, to);
    const record = this.#strings ? {} : this.#recordAfter(head);
    record.host = match[1];
    record.ident = match[2];
    record.pid = match[3];
    record.msgid = match[4];
    if (this.#strings && head.pri !== undefined) record.pri = head.pri;
    // The reader of strings gives structured data without its escapes.
    record.extradata = this.#strings ? data.replaceAll('\\', '') : data;
    if (after !== '') record.message = chomp(after.slice(1));
    if (this.#strings) this.#foundAfter(head, record, found);
    else found(head.time, record);
  }

  /** A record that begins with what the head says. */
  #recordAfter({ pri, timeText }: Found): ParsedRecord {
    const record: ParsedRecord = {};
    if (pri !== undefined) record.pri = pri;
    if (this.keepTimeKey) record.time = timeText;
    return record;
  }

  /** The reader of strings puts the time at the end. */
  #foundAfter({ time, timeText }: Found, record: ParsedRecord, found: ParsedCallback): void {
    if (this.keepTimeKey) record.time = timeText;
    found(time, record);
  }

  #head(text: string, pattern: RegExp, { read, words }: Head): Found {
    let from = 0;
    let pri: number | undefined;
    if (this.#config.withPriority) {
      const match = pattern.exec(text);
      if (match === null) throw this.mismatch();
      pri = Number(match[1]);
      from = match[0].length;
    }
    let at = from - 1;
    let several = false;
    for (let word = 0; word < words; word++) {
      while (text.charCodeAt(at + 1) === 32) {
        several = true;
        at++;
      }
      at = text.indexOf(' ', at + 1);
      if (at < 0) throw this.mismatch();
    }
    const part = text.slice(from, at);
    const timeText = several ? part.replace(/ +/g, ' ') : part;
    return { pri, time: this.timeOf(timeText, read), timeText, at: at + 1 };
  }

  #headOf(timeFormat: string): Head {
    return {
      read: timeReader({ ...this.#config, timeFormat }),
      words: timeFormat.replace(/ +/g, ' ').split(' ').length,
    };
  }
}

/** @returns where the structured data ends; -1 where it does not */
function endOfData(text: string, from: number): number {
  dataEnd.lastIndex = from;
  return dataEnd.test(text) ? dataEnd.lastIndex : -1;
}

/** `@type syslog`. Fluentd: `parser_syslog`. */
export const syslogParser = define({
  type: 'syslog',
  description: 'Syslog messages by RFC 3164 and RFC 5424.',
  params,
  // The formats that it has by itself want a zone as well.
  usual: {},
  create: (context, config) => new SyslogParser(context, config),
});
