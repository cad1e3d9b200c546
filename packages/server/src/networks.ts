import { BlockList, isIP } from 'node:net';
import { ServerArgumentError } from './errors.js';

/** A set of addresses and networks. @internal */
export class Networks {
  readonly #list = new BlockList();

  /** @throws ServerArgumentError that names the option and the entry. */
  constructor(option: string, entries: unknown) {
    if (!Array.isArray(entries)) {
      throw new ServerArgumentError(
        `${option} must be an array of addresses and networks`,
        option,
        entries,
      );
    }
    for (const entry of entries as unknown[]) this.#add(option, entry);
  }

  has(address: string): boolean {
    return this.#list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }

  #add(option: string, entry: unknown): void {
    const text = typeof entry === 'string' ? entry : '';
    const slash = text.indexOf('/');
    const address = slash < 0 ? text : text.slice(0, slash);
    const prefix = slash < 0 ? undefined : text.slice(slash + 1);
    const version = isIP(address);
    const type = version === 6 ? 'ipv6' : 'ipv4';
    const bits = prefix === undefined ? undefined : Number(prefix);
    const wrongBits =
      prefix !== undefined && (!/^\d+$/.test(prefix) || bits! > (version === 6 ? 128 : 32));
    if (version === 0 || wrongBits) {
      throw new ServerArgumentError(
        `${option}: ${JSON.stringify(entry)} is not an address or a network such as 192.0.2.0/24`,
        option,
        entry,
      );
    }
    if (bits === undefined) this.#list.addAddress(address, type);
    else this.#list.addSubnet(address, bits, type);
  }
}
