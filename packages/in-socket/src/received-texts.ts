import { EventPacker, EventStreamError, type EventStream } from '@sluice/event-stream';
import { ParseError, type Parser, type PluginStatistics } from '@sluice/plugin';
import type { Logger } from '@sluice/server';

/** How much of a text that cannot be parsed goes into the log. */
const shown = 1000;

/** Turns texts of peers into events; those of one read become one stream. */
export class ReceivedTexts {
  readonly #parser: Parser;
  readonly #log: Logger;
  readonly #packer = new EventPacker();
  #texts = 0;
  #events = 0;
  #unmatched = 0;
  #tooLong = 0;

  constructor(parser: Parser, log: Logger) {
    this.#parser = parser;
    this.#log = log;
  }

  /** @param fields are set in each record of the text */
  add(text: Buffer, peer: string, fields: Readonly<Record<string, string>> | undefined): void {
    this.#texts++;
    try {
      if (fields === undefined) {
        this.#parser.parseInto(text, this.#packer);
        return;
      }
      this.#parser.parse(text, (time, record) => {
        this.#packer.add(time, Object.assign(record, fields));
      });
    } catch (error) {
      if (!(error instanceof ParseError || error instanceof EventStreamError)) throw error;
      this.#unmatched++;
      const message = text.toString('utf8', 0, shown);
      this.#log.warn(
        { peer, message, bytes: text.length, reason: error.message },
        'pattern not matched',
      );
    }
  }

  /** A text that is left out because of its length. */
  addTooLong(bytes: number, peer: string, limit: number): void {
    this.#tooLong++;
    this.#log.warn({ peer, bytes, limit }, 'a text beyond message_length_limit is left out');
  }

  /** The events since the last time; undefined where there are none. */
  take(): EventStream | undefined {
    const { count } = this.#packer;
    if (count === 0) return undefined;
    this.#events += count;
    return this.#packer.take();
  }

  statistics(): PluginStatistics {
    return {
      counters: {
        texts: this.#texts,
        events: this.#events,
        unmatched_texts: this.#unmatched,
        too_long_texts: this.#tooLong,
      },
    };
  }
}
