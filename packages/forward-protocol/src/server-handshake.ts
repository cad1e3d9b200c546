import { randomBytes } from 'node:crypto';
import { encodeValue } from '@sluice/event-stream';
import {
  HandshakeFramer,
  digest,
  readFields,
  sameDigest,
  type Field,
} from './handshake-messages.js';
import type { ForwardSecurity } from './security.js';

/** How a handshake ended. */
export type ServerHandshakeResult =
  | {
      /** The peer knows the key, and is a user where one is asked for. */
      ok: true;
      /** PONG, to be written. */
      reply: Buffer;
      /** The name that the client gives itself. */
      hostname: string;
      /** The user's name where users are asked for. */
      username: string | undefined;
      /** Bytes that came after PING. */
      rest: Buffer;
    }
  | {
      /** The peer is refused. */
      ok: false;
      /** PONG with the reason, to be written before the connection is closed. */
      reply: Buffer;
      /** Fluentd's text, `shared_key mismatch` for instance. */
      reason: string;
      /** The name that the client gives itself; undefined where PING has none. */
      hostname: string | undefined;
      /** The name that was tried; undefined where PING has none. */
      username: string | undefined;
    };

/**
 * The server's side of the handshake: HELO out, one PING in, PONG out. One per connection; after
 * one PING it is over, whatever the outcome.
 */
export class ServerHandshake {
  private readonly nonce = randomBytes(16);
  private readonly salt: Buffer;
  private readonly framer = new HandshakeFramer();

  constructor(
    private readonly security: ForwardSecurity,
    private readonly peer: {
      /** The peer's IP address; anything else (a Unix socket) matches no client rule. */
      address: string;
      /** Whether the connection stays open after the first message. Default true. */
      keepalive?: boolean;
    },
  ) {
    this.salt = security.userAuth ? randomBytes(16) : Buffer.alloc(0);
  }

  /** HELO, to be written first. */
  helo(): Buffer {
    const auth = this.security.userAuth ? this.salt : '';
    return encodeValue([
      'HELO',
      { nonce: this.nonce, auth, keepalive: this.peer.keepalive ?? true },
    ]);
  }

  /**
   * @returns undefined while PING is incomplete
   * @throws ForwardProtocolError with the code `ERR_SLUICE_FORWARD_HANDSHAKE` where something
   *   other than a MessagePack array of at most 64 KiB comes: there is nobody to answer
   */
  push(data: Buffer): ServerHandshakeResult | undefined {
    const frame = this.framer.push(data);
    return frame && this.answer(readFields(frame.message), frame.rest);
  }

  private answer(ping: Field[], rest: Buffer): ServerHandshakeResult {
    const [kind, hostname, salt, given, username, password] = ping;
    if (
      ping.length !== 6 ||
      !Buffer.isBuffer(kind) ||
      kind.toString('latin1') !== 'PING' ||
      !Buffer.isBuffer(hostname) ||
      !Buffer.isBuffer(salt) ||
      !Buffer.isBuffer(given) ||
      !Buffer.isBuffer(username) ||
      !Buffer.isBuffer(password)
    ) {
      return fail('invalid ping message');
    }
    const { security, nonce } = this;
    const names = { hostname: hostname.toString(), username: username.toString() };
    const rule = security.forAddress(this.peer.address);
    if (rule === undefined)
      return fail(`anonymous source host '${this.peer.address}' denied`, names);
    if (!sameDigest(digest(salt, hostname, nonce, rule.sharedKey), given)) {
      return fail('shared_key mismatch', names);
    }
    if (security.userAuth) {
      const candidates = rule.users.filter((user) => user.username === names.username);
      // A name that nobody has costs as much time as a wrong password.
      if (candidates.length === 0) candidates.push({ username: '', password: '' });
      const matches = candidates.map(
        (user) =>
          sameDigest(digest(this.salt, username, user.password), password) && user.username !== '',
      );
      if (!matches.includes(true)) return fail('username/password mismatch', names);
    }
    const own = digest(salt, security.selfHostname, nonce, rule.sharedKey);
    return {
      ok: true,
      reply: encodeValue(['PONG', true, '', security.selfHostname, own]),
      hostname: names.hostname,
      username: security.userAuth ? names.username : undefined,
      rest,
    };
  }
}

function fail(
  reason: string,
  names?: { hostname: string; username: string },
): ServerHandshakeResult {
  return {
    ok: false,
    reply: encodeValue(['PONG', false, reason, '', '']),
    reason,
    hostname: names?.hostname,
    username: names?.username,
  };
}
