import { BlockList, isIP } from 'node:net';

/** A user who may authenticate. */
export interface ForwardUser {
  username: string;
  password: string;
}

/** What is allowed to peers from certain addresses. Fluentd's `<client>`. */
export interface ForwardClientRule {
  /** IP addresses, or networks in CIDR notation (`10.0.0.0/8`). */
  networks: readonly string[];
  /** Default: the key of all. */
  sharedKey?: string;
  /** Names of the users who may come from there; default (and where empty): all. */
  users?: readonly string[];
}

/** Fluentd's `<security>`. */
export interface ForwardSecurityOptions {
  /** The name that the server gives itself in the handshake. */
  selfHostname: string;
  sharedKey: string;
  /** Whether user name and password are asked for too. Default false. */
  userAuth?: boolean;
  users?: readonly ForwardUser[];
  /** Whether peers that match no client may connect. Default true. */
  allowAnonymousSource?: boolean;
  clients?: readonly ForwardClientRule[];
}

/** Who may come, from where, with which key. One object for all connections of a server. */
export class ForwardSecurity {
  readonly selfHostname: string;
  readonly userAuth: boolean;
  private readonly rules: { list: BlockList; rule: ForwardClientRule }[];

  /** @throws RangeError where a text is not a network */
  constructor(private readonly options: ForwardSecurityOptions) {
    this.selfHostname = options.selfHostname;
    this.userAuth = options.userAuth ?? false;
    this.rules = (options.clients ?? []).map((rule) => {
      const list = new BlockList();
      for (const network of rule.networks) addNetwork(list, network);
      return { list, rule };
    });
  }

  /**
   * The key that a peer has to know.
   *
   * @returns undefined where peers from this address are refused
   */
  forAddress(address: string): { sharedKey: string; users: readonly ForwardUser[] } | undefined {
    const { options } = this;
    const rule = this.match(address);
    if (rule === undefined && options.allowAnonymousSource === false) return undefined;
    const names = rule?.users ?? [];
    const users = options.users ?? [];
    return {
      sharedKey: rule?.sharedKey ?? options.sharedKey,
      users: names.length === 0 ? users : users.filter((user) => names.includes(user.username)),
    };
  }

  private match(address: string): ForwardClientRule | undefined {
    // A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1.
    const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
    const family = isIP(plain);
    if (family === 0) return undefined; // a Unix socket has no address
    const type = family === 6 ? 'ipv6' : 'ipv4';
    return this.rules.find(({ list }) => list.check(plain, type))?.rule;
  }
}

/** Whether the text is an IP address or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  try {
    addNetwork(new BlockList(), text);
    return true;
  } catch {
    return false;
  }
}

function addNetwork(list: BlockList, network: string): void {
  const slash = network.indexOf('/');
  const address = slash < 0 ? network : network.slice(0, slash);
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = slash < 0 ? String(most) : network.slice(slash + 1);
  if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > most) {
    throw new RangeError(`not an address or a network: ${JSON.stringify(network)}`);
  }
  list.addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
}
