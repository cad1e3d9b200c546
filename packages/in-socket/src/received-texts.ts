import type { SectionOf } from '@sluice/config';
import { EventPacker, EventStreamError, type EventStream } from '@sluice/event-stream';
import { Extractor } from '@sluice/formats';
import {
  allKept,
  KEPT,
  ParseError,
  type Keeping,
  type Parser,
  type PluginStatistics,
} from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import type { tcpSection, udpSection } from './section.js';

/** How much of a text that cannot be parsed goes into the log. */
const shown = 1000;

/** Turns texts of peers into events; those of one read become one stream for each tag. */
export class ReceivedTexts {
  readonly #parser: Parser;
  readonly #log: Logger;
  readonly #tag: string;
  readonly #extractor: Extractor | undefined;
  readonly #packers = new Map<string, EventPacker>();
  readonly #usual = new EventPacker();
  #texts = 0;
  #events = 0;
  #unmatched = 0;
  #tooLong = 0;

  /** @param tag of events that name none */
  constructor(parser: Parser, log: Logger, tag: string, extractor: Extractor | undefined) {
    this.#parser = parser;
    this.#log = log;
    this.#tag = tag;
    this.#extractor = extractor;
  }

  /** @param fields are set in each record of the text */
  add(text: Buffer, peer: string, fields: Readonly<Record<string, string>> | undefined): void {
    this.#texts++;
    try {
      if (fields === undefined && this.#extractor === undefined) {
        this.#parser.parseInto(text, this.#usual);
        return;
      }
      this.#parser.parse(text, (found, record) => {
        const tag = this.#extractor?.tag(record) ?? this.#tag;
        const time = found ?? this.#extractor?.time(record);
        this.#packer(tag).add(time, Object.assign(record, fields));
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

  /** The events since the last time, by tag; those of one tag keep their order. */
  take(): [tag: string, stream: EventStream][] {
    const streams: [string, EventStream][] = [];
    if (this.#usual.count > 0) streams.push([this.#tag, this.#taken(this.#usual)]);
    for (const [tag, packer] of this.#packers) streams.push([tag, this.#taken(packer)]);
    // Peers name the tags: packers of all that ever came would be too many.
    this.#packers.clear();
    return streams;
  }

  #taken(packer: EventPacker): EventStream {
    this.#events += packer.count;
    return packer.take();
  }

  #packer(tag: string): EventPacker {
    if (tag === this.#tag) return this.#usual;
    let packer = this.#packers.get(tag);
    if (packer === undefined) {
      packer = new EventPacker(256);
      this.#packers.set(tag, packer);
    }
    return packer;
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

/** What a section says of the events of texts. */
export function receivedTexts(
  { tag, extract }: SectionOf<typeof tcpSection> | SectionOf<typeof udpSection>,
  parser: Parser,
  log: Logger,
): ReceivedTexts {
  return new ReceivedTexts(parser, log, tag, extract && new Extractor(extract));
}

/** Emits streams one after another. @returns a promise where one of them is not kept at once */
export function emitAll(
  streams: readonly [tag: string, stream: EventStream][],
  emit: (tag: string, stream: EventStream) => Keeping,
): void | Promise<void> {
  const pending: Promise<void>[] = [];
  for (const [tag, stream] of streams) {
    const kept = emit(tag, stream);
    if (kept !== KEPT) pending.push(kept);
  }
  if (pending.length > 0) return allKept(pending);
}
