/** One attacker's connection, opened again when it is closed: bounded in rate and in memory. */
import net from 'node:net';

const RECONNECT = 200;

export class Peer {
  /** What has happened to all peers of this process. */
  static counts = { connections: 0, closed: 0, bytes: 0, acks: 0 };

  #socket;
  #stopped = false;
  #timer;

  /**
   * @param {number} port
   * @param {(peer: Peer) => Promise<void>} talk what is said on each connection; it ends with it
   * @param {{ reads?: boolean }} [options]
   */
  constructor(port, talk, { reads = true } = {}) {
    this.port = port;
    this.talk = talk;
    this.reads = reads;
    this.#connect();
  }

  #connect() {
    if (this.#stopped) return;
    const socket = net.connect(this.port, '127.0.0.1');
    this.#socket = socket;
    socket.on('error', () => undefined);
    // The byte before each id of an ack: {"ack": …} begins with 0x81.
    if (this.reads) socket.on('data', (data) => (Peer.counts.acks += acksIn(data)));
    else socket.pause();
    socket.on('connect', () => {
      Peer.counts.connections += 1;
      this.talk(this).catch(() => undefined);
    });
    socket.on('close', () => {
      Peer.counts.closed += 1;
      if (!this.#stopped) this.#timer = setTimeout(() => this.#connect(), RECONNECT);
    });
  }

  get open() {
    return !this.#stopped && this.#socket.writable;
  }

  /** Resolves when the bytes are on their way; rejects when the connection is gone. */
  send(bytes) {
    const socket = this.#socket;
    if (!this.open) return Promise.reject(new Error('closed'));
    Peer.counts.bytes += bytes.length;
    return new Promise((resolve, reject) => {
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends large bytes piece by piece. */
  async sendInPieces(bytes, piece = 1024 * 1024) {
    for (let at = 0; at < bytes.length; at += piece)
      await this.send(bytes.subarray(at, at + piece));
  }

  /** Waits, without anything being sent. */
  pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  /** Until this side or the other ends the connection. */
  hold() {
    return new Promise((resolve) => this.#socket.once('close', resolve));
  }

  end() {
    this.#socket.destroy();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }
}

/** Acks begin with {"ack": as MessagePack. */
const ACK = Buffer.of(0x81, 0xa3, 0x61, 0x63, 0x6b);

function acksIn(data) {
  let count = 0;
  for (let at = data.indexOf(ACK); at >= 0; at = data.indexOf(ACK, at + 5)) count += 1;
  return count;
}
