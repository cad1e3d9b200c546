/** A sender that keeps what it sends until it is acknowledged, and sends it again when it has to. */
import net from 'node:net';
import tls from 'node:tls';
import { AckReader, encodePackedForward } from '@sluice/forward-protocol';

const MOST_OPEN = 32;

export class Sender {
  /** Events whose ack has come. */
  acked = 0;
  /** Numbers of chunks that are acknowledged. */
  ackedChunks = [];
  /** Numbers of chunks that were sent more than once, because no ack had come. */
  resent = new Set();
  /** Connections that ended while something was open. */
  broken = 0;
  refused = 0;
  /** The longest time without an ack, in milliseconds. */
  longestGap = 0;
  #open = new Map();
  #next = 0;
  #socket;
  #timer;
  #stopping = false;
  #closed = false;
  #lastAck = performance.now();

  /**
   * @param options.port where to; `tls` for tls.connect
   * @param options.id of this sender, in each event
   * @param options.perChunk events of a chunk
   * @param options.interval milliseconds between two chunks; 0: as fast as acks come
   * @param options.text what pads each event
   * @param options.resendAfter milliseconds without an ack after which all that is open is sent again
   * @param options.time Unix time of events, in seconds
   * @param options.mostOpen chunks without an ack
   */
  constructor(options) {
    this.options = {
      perChunk: 50,
      interval: 10,
      text: 'x'.repeat(40),
      tag: 'app.load',
      ...options,
    };
    this.mostOpen = options.mostOpen ?? MOST_OPEN;
    this.#connect();
    const { interval, resendAfter } = this.options;
    if (interval > 0) this.#timer = setInterval(() => this.#send(), interval);
    if (resendAfter !== undefined) {
      this.resender = setInterval(() => this.#resend(), resendAfter / 2);
    }
  }

  get unacked() {
    return this.#open.size;
  }

  /** Sends nothing new from now on. */
  pause() {
    clearInterval(this.#timer);
    this.#stopping = true;
  }

  /** Resolves when everything is acknowledged, and closes. */
  async finish() {
    this.pause();
    await new Promise((resolve) => {
      const check = setInterval(() => {
        if (this.#open.size > 0 && !this.#closed) return;
        clearInterval(check);
        resolve();
      }, 20);
    });
    this.close();
  }

  close() {
    this.#closed = true;
    clearInterval(this.#timer);
    clearInterval(this.resender);
    this.#socket?.destroy();
  }

  #send() {
    if (this.#stopping || this.#closed) return;
    const { interval } = this.options;
    do {
      if (this.#open.size >= this.mostOpen || this.#socket === undefined) return;
      const chunk = this.#next++;
      this.#open.set(chunk, this.#encode(chunk));
      this.#socket.write(this.#open.get(chunk));
    } while (interval === 0);
  }

  #encode(chunk) {
    const { id, perChunk, text, tag, time } = this.options;
    const events = Array.from({ length: perChunk }, (_, n) => ({
      ...(time !== undefined && { time: time() }),
      record: { s: id, n: chunk * perChunk + n, t: text },
    }));
    return encodePackedForward(tag, events, { chunk: String(chunk) });
  }

  #resend() {
    if (this.#open.size === 0 || this.#socket === undefined) return;
    if (performance.now() - this.#lastAck < this.options.resendAfter) return;
    this.#lastAck = performance.now();
    this.#writeOpen();
  }

  #writeOpen() {
    for (const [chunk, bytes] of this.#open) {
      this.resent.add(chunk);
      this.#socket.write(bytes);
    }
  }

  #connect() {
    if (this.#closed) return;
    const { port, tls: secure } = this.options;
    const socket = secure
      ? tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ...secure })
      : net.connect(port, '127.0.0.1');
    const reader = new AckReader();
    socket.on(secure ? 'secureConnect' : 'connect', () => {
      this.#socket = socket;
      this.#writeOpen();
      this.#send();
    });
    socket.on('data', (data) => {
      for (const text of reader.push(data)) this.#ack(Number(text));
      if (this.options.interval === 0) this.#send();
    });
    socket.on('error', (error) => {
      if (error.code === 'ECONNREFUSED') this.refused += 1;
    });
    socket.on('close', () => {
      if (this.#socket === socket && this.#open.size > 0) this.broken += 1;
      this.#socket = undefined;
      setTimeout(() => this.#connect(), 50);
    });
  }

  #ack(chunk) {
    if (!this.#open.delete(chunk)) return;
    const now = performance.now();
    this.longestGap = Math.max(this.longestGap, now - this.#lastAck);
    this.#lastAck = now;
    this.ackedChunks.push(chunk);
    this.acked += this.options.perChunk;
  }
}
