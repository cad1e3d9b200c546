import { AckBatch, type ForwardMessage } from '@sluice/forward-protocol';
import type { Connection } from '@sluice/server';

/** When acks are written: at once they never are. */
type Writing =
  /** Nothing waits. */
  | 'idle'
  /** At the end of the read that is being worked off. */
  | 'held'
  /** At the end of this turn of the event loop. */
  | 'scheduled';

/** The acks of one connection. Those of one read, and of one turn of the event loop, go out in one write. */
export class AckWriter {
  readonly #connection: Connection;
  readonly #unreadLimit: number;
  #batch: AckBatch | undefined;
  #writing: Writing = 'idle';
  #read: (() => void) | undefined;

  /** @param unreadLimit bytes that may wait for the peer to read them */
  constructor(connection: Connection, unreadLimit: number) {
    this.#connection = connection;
    this.#unreadLimit = unreadLimit;
  }

  /** @param id the packed id of the chunk, as it came */
  add(id: string, format: 'msgpack' | 'json'): void {
    this.#batch ??= new AckBatch(format);
    this.#batch.addPacked(id);
    this.#schedule();
  }

  /**
   * The ack of a message that is still being delivered.
   * @returns false where it asks for none
   */
  addOf(message: ForwardMessage): boolean {
    this.#batch ??= new AckBatch(message.format);
    if (!message.addAck(this.#batch)) return false;
    this.#schedule();
    return true;
  }

  #schedule(): void {
    if (this.#writing !== 'idle') return;
    this.#writing = 'scheduled';
    process.nextTick(() => {
      if (this.#writing === 'scheduled') this.flush();
    });
  }

  /** Acks that become due are collected until {@link AckWriter.flush}. */
  hold(): void {
    this.#writing = 'held';
  }

  flush(): void {
    this.#writing = 'idle';
    const acks = this.#batch?.take();
    if (acks !== undefined) this.#connection.write(acks);
  }

  /** @returns a promise for when the peer has read its acks, `undefined` if few enough wait */
  unread(): Promise<void> | undefined {
    const { socket } = this.#connection;
    if (socket.writableLength <= this.#unreadLimit || socket.destroyed) return undefined;
    // Below Node's own mark (16 KiB, later 64 KiB) there is no event to wait for.
    if (!socket.writableNeedDrain) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        this.#read = undefined;
        resolve();
      };
      socket.on('drain', done);
      this.#read = done;
    });
  }

  /** Nobody reads any more. */
  close(): void {
    this.#read?.();
  }
}
