import { Networks } from '@sluice/socket-options';

/** A user who may authenticate. */
export interface ForwardUser {
  /** Fluentd: `username`. */
  username: string;
  /** Never sent: a digest of it is. Fluentd: `password`. */
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
  /** What both sides have to know; never sent itself. Fluentd: `shared_key`. */
  sharedKey: string;
  /** Whether user name and password are asked for too. Default false. */
  userAuth?: boolean;
  /** Those who may authenticate, where `userAuth` asks for it. Default: none. */
  users?: readonly ForwardUser[];
  /** Whether peers that match no client may connect. Default true. */
  allowAnonymousSource?: boolean;
  /** Rules for peers by address; the first that matches counts. Default: none. */
  clients?: readonly ForwardClientRule[];
}

/** Who may come, from where, with which key. One object for all connections of a server. */
export class ForwardSecurity {
  /** The name that the server gives itself in the handshake. */
  readonly selfHostname: string;
  /** Whether user name and password are asked for. */
  readonly userAuth: boolean;
  private readonly rules: { networks: Networks; rule: ForwardClientRule }[];

  /** @throws SocketOptionError where a text is not a network */
  constructor(private readonly options: ForwardSecurityOptions) {
    this.selfHostname = options.selfHostname;
    this.userAuth = options.userAuth ?? false;
    this.rules = (options.clients ?? []).map((rule) => ({
      networks: new Networks(rule.networks),
      rule,
    }));
  }

  /**
   * The key that a peer has to know.
   *
   * @returns undefined where peers from this address are refused
   */
  forAddress(address: string):
    | {
        /** The key that it has to know. */
        sharedKey: string;
        /** Those who may authenticate from there. */
        users: readonly ForwardUser[];
      }
    | undefined {
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
    return this.rules.find(({ networks }) => networks.has(address))?.rule;
  }
}
