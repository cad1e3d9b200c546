import { BlockList, isIP, isIPv4 } from 'node:net';
import { SocketOptionError } from './errors.js';

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * An address as people write it: an IPv4 peer of a dual-stack listener has an IPv4 address
 * (`192.0.2.1`, not `::ffff:192.0.2.1`). Everything else is returned as it came.
 */
export function plainAddress(address: string): string {
  const rest = address.replace(MAPPED, '');
  return rest !== address && isIPv4(rest) ? rest : address;
}

/** Whether the text is an IP address or a network in CIDR notation, such as `192.0.2.0/24`. */
export function isNetwork(text: unknown): text is string {
  return parse(text) !== undefined;
}

/** A set of IP addresses and networks. */
export class Networks {
  readonly #list = new BlockList();

  /**
   * @param entries addresses and networks in CIDR notation: `192.0.2.1`, `10.0.0.0/8`,
   *   `2001:db8::/32`. A mapped one (`::ffff:192.0.2.1`) counts as IPv4.
   * @param option how the caller names the list, for the error
   * @throws {@link SocketOptionError} that names the option and holds the entry as `value`
   */
  constructor(entries: Iterable<unknown>, option = 'networks') {
    for (const entry of entries) {
      const network = parse(entry);
      if (network === undefined) {
        const message = `${show(entry)} is not an address or a network such as 192.0.2.0/24`;
        throw new SocketOptionError(message, option, entry);
      }
      this.#list.addSubnet(network.address, network.prefix, network.family);
    }
  }

  /** Whether an address is one of these, or in one of these networks. False for anything else. */
  has(address: string): boolean {
    const [plain] = plainAddress(address).split('%', 1);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}

function parse(text: unknown): Network | undefined {
  if (typeof text !== 'string') return undefined;
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return undefined;
  const most = version === 6 ? 128 : 32;
  const bits = slash < 0 ? String(most) : text.slice(slash + 1);
  const prefix = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || prefix > most) return undefined;
  const plain = plainAddress(address);
  if (plain === address) return { address, prefix, family: version === 6 ? 'ipv6' : 'ipv4' };
  return prefix < 96
    ? { address, prefix, family: 'ipv6' }
    : { address: plain, prefix: prefix - 96, family: 'ipv4' };
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
