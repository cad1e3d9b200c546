import { randomBytes } from 'node:crypto';
import { encodeValue } from '@sluice/event-stream';
import { childCount, headSize, isMap, skipValue } from '@sluice/event-stream/packed';
import {
  HandshakeFramer,
  digest,
  readField,
  readFields,
  refused,
  sameDigest,
  type Field,
} from './handshake-messages.js';

/** What a client proves itself with. */
export interface ClientHandshakeOptions {
  /** The name that the client gives itself. */
  selfHostname: string;
  /** What both sides have to know; never sent itself. Fluentd: `shared_key`. */
  sharedKey: string;
  /** Sent where the server asks for a user. */
  username?: string;
  /** Of that user; never sent itself. */
  password?: string;
}

/** What to do after some bytes from the server. */
export type ClientHandshakeStep =
  | {
      /** More has to come from the server. */
      done: false;
      /** PING, to be written now; undefined while HELO is not whole. */
      reply: Buffer | undefined;
    }
  | {
      /** The server has proved itself, and events may be sent. */
      done: true;
      /** The name that the server gives itself. */
      serverHostname: string;
      /** Whether the connection stays open after the first message. */
      keepalive: boolean;
      /** Bytes that came after PONG. */
      rest: Buffer;
    };

/** The client's side of the handshake: HELO in, PING out, PONG in. One per connection. */
export class ClientHandshake {
  private readonly framer = new HandshakeFramer();
  private readonly salt = randomBytes(16);
  private nonce: Buffer | undefined;
  private keepalive = true;

  constructor(private readonly options: ClientHandshakeOptions) {}

  /**
   * @throws ForwardProtocolError with the code `ERR_SLUICE_FORWARD_HANDSHAKE` where the server
   *   refuses the client, does not know the key itself, or sends something else
   */
  push(data: Buffer): ClientHandshakeStep {
    const frame = this.framer.push(data);
    if (frame === undefined) return { done: false, reply: undefined };
    if (this.nonce === undefined) {
      const reply = this.ping(frame.message);
      this.framer.restart();
      if (frame.rest.length === 0) return { done: false, reply };
      throw refused('the server sent more than HELO before PING');
    }
    return this.pong(readFields(frame.message), this.nonce, frame.rest);
  }

  private ping(helo: Buffer): Buffer {
    const at = headSize(helo[0]);
    const kind = readField(helo, at);
    const map = skipValue(helo, at, helo.length);
    if (!isText(kind, 'HELO') || childCount(helo, 0) < 2 || !isMap(helo[map])) {
      throw refused('the server sent no HELO');
    }
    let auth: Field;
    let pos = map + headSize(helo[map]);
    for (let pairs = childCount(helo, map) / 2; pairs > 0; pairs--) {
      const key = readField(helo, pos);
      const value = skipValue(helo, pos, helo.length);
      const field = readField(helo, value);
      if (isText(key, 'nonce') && Buffer.isBuffer(field)) this.nonce = Buffer.from(field);
      else if (isText(key, 'auth')) auth = field;
      else if (isText(key, 'keepalive')) this.keepalive = field !== false;
      pos = skipValue(helo, value, helo.length);
    }
    if (this.nonce === undefined) throw refused('the HELO of the server has no nonce');
    const { selfHostname, sharedKey, username = '', password = '' } = this.options;
    const asksUser = Buffer.isBuffer(auth) && auth.length > 0 && username !== '';
    return encodeValue([
      'PING',
      selfHostname,
      this.salt,
      digest(this.salt, selfHostname, this.nonce, sharedKey),
      asksUser ? username : '',
      asksUser ? digest(auth as Buffer, username, password) : '',
    ]);
  }

  private pong(fields: Field[], nonce: Buffer, rest: Buffer): ClientHandshakeStep {
    const [kind, ok, reason, hostname, given] = fields;
    if (fields.length !== 5 || !isText(kind, 'PONG')) throw refused('the server sent no PONG');
    if (ok !== true) {
      const why = Buffer.isBuffer(reason) ? reason.toString() : 'no reason given';
      throw refused(`the server refuses the client: ${why}`);
    }
    if (!Buffer.isBuffer(hostname) || !Buffer.isBuffer(given)) throw refused('the PONG is broken');
    const { selfHostname, sharedKey } = this.options;
    // The digest of an own PING, sent back, would look right.
    if (hostname.toString() === selfHostname) {
      throw refused('the server has the same self_hostname as the client');
    }
    if (!sameDigest(digest(this.salt, hostname, nonce, sharedKey), given)) {
      throw refused('the server does not know the shared key');
    }
    return { done: true, serverHostname: hostname.toString(), keepalive: this.keepalive, rest };
  }
}

function isText(field: Field, text: string): boolean {
  return Buffer.isBuffer(field) && field.toString('latin1') === text;
}
