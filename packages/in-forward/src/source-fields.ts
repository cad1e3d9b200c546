import type { EventStream } from '@sluice/event-stream';
import { loopShare, packFields, setFields, setFieldsSteps } from '@sluice/event-stream/packed';
import type { Connection } from '@sluice/server';
import type { ForwardConfig } from './section.js';

// More events than this are not worked on at once.
const FEW = 1024;

/** The peer's address and name, which go into each record. */
export class SourceFields {
  readonly #fields: Record<string, string> = {};
  #packed: ReturnType<typeof packFields> | undefined;
  /** Until the name is known nothing of the peer goes on. */
  pending: Promise<void> | undefined;

  private constructor(connection: Connection, addressKey?: string, hostnameKey?: string) {
    if (addressKey !== undefined) this.#fields[addressKey] = connection.remoteAddr;
    if (hostnameKey === undefined) return;
    const name = connection.resolveRemoteHost();
    if (typeof name === 'string') {
      this.#fields[hostnameKey] = name;
      return;
    }
    this.pending = name.then((host) => {
      this.#fields[hostnameKey] = host;
      this.pending = undefined;
    });
  }

  /** The most bytes that a stream takes with the fields in it. */
  sizeWith({ bytes, count }: EventStream): number {
    // The head of a map grows by at most four bytes.
    return bytes.length + count * (this.#packedFields.bytes.length + 4);
  }

  /** Puts the fields into each record; of many in slices, which take a promise. */
  addTo(stream: EventStream): EventStream | Promise<EventStream> {
    const { bytes, count } = stream;
    if (count === 0) return stream;
    const fields = this.#packedFields;
    if (count <= FEW) return stream.withEntries(setFields(bytes, count, fields), count);
    const set = loopShare.slices(setFieldsSteps(bytes, count, fields));
    return set instanceof Promise
      ? set.then((larger) => stream.withEntries(larger, count))
      : stream.withEntries(set, count);
  }

  get #packedFields(): ReturnType<typeof packFields> {
    return (this.#packed ??= packFields(this.#fields));
  }

  /** @returns undefined where the configuration asks for neither */
  static of(connection: Connection, config: ForwardConfig): SourceFields | undefined {
    const { sourceAddressKey, sourceHostnameKey } = config;
    if (sourceAddressKey === undefined && sourceHostnameKey === undefined) return undefined;
    return new SourceFields(connection, sourceAddressKey, sourceHostnameKey);
  }
}
