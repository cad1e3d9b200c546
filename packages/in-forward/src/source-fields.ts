import type { EventStream } from '@sluice/event-stream';
import { packFields, setFields } from '@sluice/event-stream/packed';
import type { Connection } from '@sluice/server';
import type { ForwardConfig } from './section.js';

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

  /** Puts the fields into each record. */
  addTo(stream: EventStream): EventStream {
    const { bytes, count } = stream;
    if (count === 0) return stream;
    return stream.withEntries(setFields(bytes, count, this.#packedFields), count);
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
