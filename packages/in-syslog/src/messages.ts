import { EventPacker, EventStreamError, type EventStream } from '@sluice/event-stream';
import { ParseError, type Parser, type PluginStatistics } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { priorities, type Priority } from './priorities.js';
import type { SyslogConfig } from './section.js';

/** How much of a message that cannot be parsed goes into the log. */
const shown = 1000;
/** Packers that are kept for the next messages. */
const mostTags = 256;

type Fields = Readonly<Record<string, string>> | undefined;

/** Turns messages into events; those of one read become one stream for each tag. */
export class SyslogMessages {
  readonly #parser: Parser;
  /** Whether the parser takes the priority out of the message. */
  readonly #parsesPriority: boolean;
  readonly #config: SyslogConfig;
  readonly #log: Logger;
  readonly #severityKey: string | undefined;
  readonly #priority: (number: number) => Priority;
  #packers = new Map<string, EventPacker>();
  #messages = 0;
  #events = 0;
  #unmatched = 0;
  #tooLong = 0;

  constructor(parser: Parser, parsesPriority: boolean, config: SyslogConfig, log: Logger) {
    this.#parser = parser;
    this.#parsesPriority = parsesPriority;
    this.#config = config;
    this.#log = log;
    this.#severityKey = config.severityKey ?? config.priorityKey;
    this.#priority = priorities(config.tag);
  }

  /** @param fields are set in each record of the message */
  add(message: Buffer, peer: string, fields: Fields): void {
    this.#messages++;
    try {
      this.#parse(message, fields);
    } catch (error) {
      if (!(error instanceof ParseError || error instanceof EventStreamError)) throw error;
      this.#notMatched(message, peer, fields, error.message);
    }
  }

  /** A message that is left out because of its length. */
  addTooLong(bytes: number, peer: string): void {
    this.#tooLong++;
    const limit = this.#config.frameLengthLimit;
    this.#log.warn({ peer, bytes, limit }, 'a message beyond frame_length_limit is left out');
  }

  /** The events since the last time, by tag. */
  take(): [tag: string, stream: EventStream][] {
    const streams: [string, EventStream][] = [];
    for (const [tag, packer] of this.#packers) {
      if (packer.count === 0) continue;
      this.#events += packer.count;
      streams.push([tag, packer.take()]);
    }
    if (this.#packers.size > mostTags) this.#packers = new Map();
    return streams;
  }

  statistics(): PluginStatistics {
    return {
      counters: {
        messages: this.#messages,
        events: this.#events,
        unmatched_messages: this.#unmatched,
        too_long_messages: this.#tooLong,
      },
    };
  }

  #parse(message: Buffer, fields: Fields): void {
    let text = message;
    let number: number | undefined;
    if (!this.#parsesPriority) {
      const match = /^<(\d{1,10})>/.exec(message.toString('latin1', 0, 12));
      if (match === null) throw new ParseError('syslog', 'no priority');
      number = Number(match[1]);
      text = message.subarray(match[0].length);
    }
    const { facilityKey } = this.#config;
    this.#parser.parse(text, (time, record) => {
      const found = number ?? record.pri;
      if (typeof found !== 'number') throw new ParseError('syslog', 'no priority');
      if (number === undefined) delete record.pri;
      const { facility, severity, tag } = this.#priority(found);
      if (this.#severityKey !== undefined) record[this.#severityKey] = severity;
      if (facilityKey !== undefined) record[facilityKey] = facility;
      if (fields !== undefined) Object.assign(record, fields);
      this.#packer(tag).add(time, record);
    });
  }

  #notMatched(message: Buffer, peer: string, fields: Fields, reason: string): void {
    this.#unmatched++;
    const text = message.toString();
    if (this.#config.emitUnmatchedLines) {
      const record = { unmatched_line: text, ...fields };
      this.#packer(`${this.#config.tag}.unmatched`).add(undefined, record);
    }
    this.#log.warn(
      { peer, message: text.slice(0, shown), bytes: message.length, reason },
      'failed to parse message',
    );
  }

  #packer(tag: string): EventPacker {
    let packer = this.#packers.get(tag);
    if (packer === undefined) {
      packer = new EventPacker(1024);
      this.#packers.set(tag, packer);
    }
    return packer;
  }
}
