import type { AckBatch } from './ack-batch.js';
import type { EventStream, EventRecord } from '@sluice/event-stream';

/** The shape in which events came. */
export type ForwardMode = 'message' | 'forward' | 'packed_forward' | 'compressed_packed_forward';

/** What a payload holds, Fluent Bit's `fluent_signal`. */
export type ForwardSignal = 'logs' | 'metrics' | 'traces';

/** Memory that is used again when nobody holds it. */
export interface MessageMemory {
  /** All of it, of which a message is a part. */
  readonly bytes: Buffer;
  /** One more holds it. */
  retain(): void;
  /** One holds it no longer; the bytes may be overwritten after the last. */
  release(): void;
  /** As `release`, where nobody looks at the bytes any more for certain: they may be gone at once. */
  discard(): void;
}

/** One message of the forward protocol. */
export interface ForwardMessage {
  /** The shape in which the events came. */
  readonly mode: ForwardMode;
  /** As the peer sent it, checked to be UTF-8 text. */
  readonly tag: string;
  /**
   * The valid events, a view on the received bytes wherever possible. Empty for metrics and
   * traces.
   */
  readonly stream: EventStream;
  /** Bytes of the whole message as it came over the wire. */
  readonly size: number;
  /** Entries that were left out because they are not `[time, record]`. */
  readonly invalid: number;
  /** Whether the tag was not a string: such a message has no events. */
  readonly invalidTag: boolean;
  /** Metrics and traces are not events: their payload is in {@link ForwardMessage.payload}. */
  readonly signal: ForwardSignal;
  /** The payload of metrics or traces, decompressed. */
  readonly payload: Buffer | undefined;
  /**
   * The id to be acknowledged, option `chunk`, as text; undefined where the client asks for no ack.
   * The stream has it too: `stream.chunkId`. An integer is given in decimal digits, and what is
   * neither text nor an integer as its MessagePack in hexadecimal.
   */
  readonly chunk: string | undefined;
  /**
   * The same id as it came, of whatever type: its MessagePack, a character for each byte (latin1).
   * {@link AckBatch.addPacked} repeats it in the ack. To be asked for before `onMessage` has returned.
   */
  readonly ackId: string | undefined;
  /**
   * Puts the ack into a batch, before `onMessage` has returned: sooner than by
   * {@link ForwardMessage.ackId}.
   *
   * @returns false where the client asks for none
   */
  addAck(batch: AckBatch): boolean;
  /** How the payload was compressed. */
  readonly compressed: string | undefined;
  /**
   * All options, decoded when asked for, which has to be before `onMessage` has returned; undefined
   * where there are none.
   *
   * @throws EventStreamError where they are nested more than 128 deep
   */
  readonly option: EventRecord | undefined;
  /**
   * Holds the bytes of the stream and the payload, which are valid until `onMessage` has returned:
   * whoever needs them for longer calls its `retain`, and later its `release`. Undefined where they
   * lie in what was pushed, or have memory of their own.
   */
  readonly memory: MessageMemory | undefined;
  /** What the peer speaks, and wants its ack in. */
  readonly format: 'msgpack' | 'json';
}
