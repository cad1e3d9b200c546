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

/** Turns texts of peers into events; those of one read with the same tag, one after another, become one stream. */
export class ReceivedTexts {
  readonly #parser: Parser;
  readonly #log: Logger;
  readonly #tag: string;
  readonly #extractor: Extractor | undefined;
  readonly #packer = new EventPacker();
  /** The tag of what is in the packer. */
  #packed: string;
  /** Streams of the same read that came before, with other tags. */
  #done: [tag: string, stream: EventStream][] = [];
  #texts = 0;
  #events = 0;
  #unmatched = 0;
  #tooLong = 0;

  /** @param tag of events that name none */
  constructor(parser: Parser, log: Logger, tag: string, extractor: Extractor | undefined) {
    this.#parser = parser;
    this.#log = log;
    this.#tag = tag;
    this.#packed = tag;
    this.#extractor = extractor;
  }

  /** @param fields are set in each record of the text */
  add(text: Buffer, peer: string, fields: Readonly<Record<string, string>> | undefined): void {
    this.#texts++;
    try {
      if (fields === undefined && this.#extractor === undefined) {
        this.#parser.parseInto(text, this.#packer);
        return;
      }
      this.#parser.parse(text, (found, record) => {
        const tag = this.#extractor?.tag(record) ?? this.#tag;
        const time = found ?? this.#extractor?.time(record);
        this.#turnTo(tag);
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

  /** The events since the last time, in their order. */
  take(): [tag: string, stream: EventStream][] {
    this.#turnTo(undefined);
    const done = this.#done;
    if (done.length > 0) this.#done = [];
    return done;
  }

  /** Ends the stream where the tag changes. */
  #turnTo(tag: string | undefined): void {
    const { count } = this.#packer;
    if (count > 0 && tag !== this.#packed) {
      this.#events += count;
      this.#done.push([this.#packed, this.#packer.take()]);
    }
    this.#packed = tag ?? this.#tag;
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
