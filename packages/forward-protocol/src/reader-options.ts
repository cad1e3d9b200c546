import { Budget } from '@sluice/event-stream';
import type { ForwardMessage } from './message.js';

/** Why one message was refused while the connection goes on. */
export interface Refusal {
  reason:
    /** Larger than `chunkSizeLimit`. */
    | 'chunk_size_limit'
    /** In JSON, and larger than `jsonSizeLimit`. */
    | 'json_size_limit'
    /** A tag of more than `tagSizeLimit`. */
    | 'tag_size_limit'
    /** A chunk id of more than 64 KiB. */
    | 'chunk_id_size_limit'
    /** Inflates to more than `decompressionSizeLimit`. */
    | 'decompression_size_limit'
    /** A compression that is unknown, or that this Node.js cannot read. */
    | 'unsupported_compression'
    /** An entry is not an event, and `skipInvalidEvents` is false. */
    | 'invalid_event';
  message: string;
  tag: string | undefined;
  /** Bytes of the message, as far as they are known. */
  size: number;
}

/** What a {@link ForwardReader} needs to know. */
export interface ForwardReaderOptions {
  /** Takes each message, in the order of the connection. An exception from it ends the reader. */
  onMessage: (message: ForwardMessage) => void;
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
  /** Largest payload in bytes once inflated. Default: 256 MiB, as Fluentd's. */
  decompressionSizeLimit?: number;
  /**
   * What payloads may take while they are inflated; several readers may share it, and wait in turn.
   * Default: one of twice the `decompressionSizeLimit`, for this reader alone.
   */
  inflating?: Budget;
  /**
   * Leave out entries that are not events and keep the others (default), or refuse the whole
   * message. Fluentd's skip_invalid_event.
   */
  skipInvalidEvents?: boolean;
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
    inflating: new Budget({ limit: 2 * decompressionSizeLimit }),
    chunkSizeLimit: 256 * MIB,
    jsonSizeLimit: 16 * MIB,
    tagSizeLimit: 1024,
    decompressionSizeLimit: 256 * MIB,
    skipInvalidEvents: true,
    json: true,
    ...options,
  };
}
