import { OwnRoom, type MakingRoom } from './making-account.js';
import type { ForwardMessage } from './message.js';

/** Why one message was refused while the connection goes on. */
export interface Refusal {
  /** For programs and counters. */
  reason:
    /** Larger than `chunkSizeLimit`. */
    | 'chunk_size_limit'
    /** In JSON, and larger than `jsonSizeLimit`. */
    | 'json_size_limit'
    /** A tag of more than `tagSizeLimit`. */
    | 'tag_size_limit'
    /** A chunk id of more than 64 KiB. */
    | 'chunk_id_size_limit'
    /** An option of more than 128 KiB. */
    | 'option_size_limit'
    /** An event of more than `eventSizeLimit`, or of more than 262,144 values. */
    | 'event_size_limit'
    /** Inflates to more than `decompressionSizeLimit`. */
    | 'decompression_size_limit'
    /** A compression that is unknown, or that this Node.js cannot read. */
    | 'unsupported_compression'
    /** An entry is not an event, and `skipInvalidEvents` is false. */
    | 'invalid_event';
  /** For people: what was too large or wrong, and the limit. */
  message: string;
  /** Undefined where the message was refused before its tag was read. */
  tag: string | undefined;
  /** Bytes of the message, as far as they are known. */
  size: number;
}

/** What a {@link ForwardReader} needs to know. */
export interface ForwardReaderOptions {
  /**
   * Takes each message, in the order of the connection; where it gives a promise the next message
   * waits for it. An exception from it ends the reader.
   */
  onMessage: (message: ForwardMessage) => unknown;
  /** A heartbeat (a bare nil) came. */
  onHeartbeat?: () => void;
  /** A message was refused: it is not delivered and must not be acknowledged. */
  onRefused?: (refusal: Refusal) => void;
  /** Largest message in bytes; a larger one is passed over. Default: 256 MiB. */
  chunkSizeLimit?: number;
  /** Largest message in JSON, in bytes; `chunkSizeLimit` holds for it, too. Default: 16 MiB. */
  jsonSizeLimit?: number;
  /** Longest tag in bytes; a message with a longer one is refused. Default: 1 KiB. */
  tagSizeLimit?: number;
  /**
   * Largest event in bytes; a message with a larger one is refused. An event also has at most
   * 262,144 values. Default: 16 MiB.
   */
  eventSizeLimit?: number;
  /** Largest payload in bytes once inflated. Default: 256 MiB, as Fluentd's. */
  decompressionSizeLimit?: number;
  /**
   * Where the memory comes from for payloads that are inflated, and for chunks that are repaired.
   * Default: twice the `decompressionSizeLimit`, for this reader alone.
   */
  room?: MakingRoom;
  /**
   * Leave out entries that are not events and keep the others (default), or refuse the whole
   * message. Fluentd's skip_invalid_event.
   */
  skipInvalidEvents?: boolean;
  /**
   * Whether the reader may change bytes that were pushed, once it is through with them. It then need
   * not copy the events of Message mode. Default: false.
   */
  ownsBytes?: boolean;
  /** Whether a peer may speak JSON. Default: true. */
  json?: boolean;
}

/** The options with their defaults. */
export type ReaderSettings = Required<Omit<ForwardReaderOptions, 'onHeartbeat' | 'onRefused'>> &
  Pick<ForwardReaderOptions, 'onHeartbeat' | 'onRefused'>;

const MIB = 1024 * 1024;

export function readerSettings(options: ForwardReaderOptions): ReaderSettings {
  const { decompressionSizeLimit = 256 * MIB } = options;
  return {
    room: new OwnRoom(2 * decompressionSizeLimit),
    chunkSizeLimit: 256 * MIB,
    jsonSizeLimit: 16 * MIB,
    tagSizeLimit: 1024,
    eventSizeLimit: 16 * MIB,
    decompressionSizeLimit: 256 * MIB,
    skipInvalidEvents: true,
    ownsBytes: false,
    json: true,
    ...options,
  };
}
