/**
 * An honest client: so many chunks a second, each with an ack. What has no ack when its connection
 * ends is sent again.
 */
import net from 'node:net';
import { AckReader, encodePackedForward } from '@sluice/forward-protocol';

const PER_SECOND = 50;
const PER_CHUNK = 100;
const MOST_OPEN = 64;
const TICK = 20;
const TEXT = 'GET /index.html HTTP/1.1 200 '.padEnd(80, 'x');

export class GoodClient {
  /** Numbers of the chunks that are acknowledged. */
  acked = [];
  /** Connections that the agent has ended. */
  broken = 0;
  /** The longest time until an ack, in milliseconds. */
  slowest = 0;
  #port;
  #next = 0;
  #open = new Map();
  #due = [];
  #socket;
  #timer;
  #stopping = false;
  #idle;

  static perChunk = PER_CHUNK;

  constructor(port) {
    this.#port = port;
    this.#connect();
    const start = performance.now();
    let made = 0;
    this.#timer = setInterval(() => {
      const wanted = ((performance.now() - start) / 1000) * PER_SECOND;
      // What it cannot send it does not make up for: a source that drops when it has to wait.
      for (; made < wanted; made++) {
        if (this.#open.size + this.#due.length < MOST_OPEN) this.#due.push(this.#next++);
      }
      this.#send();
    }, TICK);
  }

  /** Sends nothing new, waits for all acks. */
  async stop() {
    clearInterval(this.#timer);
    this.#stopping = true;
    await new Promise((resolve) => {
      this.#idle = resolve;
      this.#check();
    });
    this.#socket.end();
  }

  #check() {
    if (this.#stopping && this.#open.size + this.#due.length === 0) this.#idle?.();
  }

  #connect() {
    const socket = net.connect(this.#port, '127.0.0.1');
    const reader = new AckReader();
    this.#socket = socket;
    socket.on('connect', () => this.#send());
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const chunk of reader.push(data)) {
        const number = Number(chunk);
        const since = this.#open.get(number);
        if (since === undefined) continue;
        this.slowest = Math.max(this.slowest, performance.now() - since);
        this.#open.delete(number);
        this.acked.push(number);
      }
      this.#check();
    });
    socket.on('close', () => {
      if (this.#stopping && this.#open.size === 0) return;
      this.broken += 1;
      this.#due.unshift(...this.#open.keys());
      this.#open.clear();
      setTimeout(() => this.#connect(), TICK);
    });
  }

  #send() {
    while (this.#due.length > 0 && this.#socket.writable && !this.#socket.connecting) {
      const chunk = this.#due.shift();
      this.#open.set(chunk, performance.now());
      const events = Array.from({ length: PER_CHUNK }, (_, n) => ({
        record: { n: chunk * PER_CHUNK + n, text: TEXT },
      }));
      this.#socket.write(encodePackedForward('good.event', events, { chunk: String(chunk) }));
    }
  }
}
