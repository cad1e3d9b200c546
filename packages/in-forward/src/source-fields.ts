import type { Connection } from '@sluice/server';
import type { ForwardConfig } from './section.js';

/** The peer's address and name, which go into each record. */
export class SourceFields {
  readonly fields: Record<string, string> = {};
  /** Until the name is known nothing of the peer goes on. */
  pending: Promise<void> | undefined;

  private constructor(connection: Connection, addressKey?: string, hostnameKey?: string) {
    if (addressKey !== undefined) this.fields[addressKey] = connection.remoteAddr;
    if (hostnameKey === undefined) return;
    const name = connection.resolveRemoteHost();
    if (typeof name === 'string') {
      this.fields[hostnameKey] = name;
      return;
    }
    this.pending = name.then((host) => {
      this.fields[hostnameKey] = host;
      this.pending = undefined;
    });
  }

  /** @returns undefined where the configuration asks for neither */
  static of(connection: Connection, config: ForwardConfig): SourceFields | undefined {
    const { sourceAddressKey, sourceHostnameKey } = config;
    if (sourceAddressKey === undefined && sourceHostnameKey === undefined) return undefined;
    return new SourceFields(connection, sourceAddressKey, sourceHostnameKey);
  }
}
