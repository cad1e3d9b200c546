/** The most digits that a length has. */
const mostDigits = 10;
const space = 0x20;

/** Bytes that do not begin with the length of a message. */
export class OctetCountError extends Error {
  override readonly name = 'OctetCountError';
  readonly code = 'ERR_SLUICE_SYSLOG_OCTET_COUNT';

  constructor() {
    super('the message does not begin with its length, as frame_type octet_count wants it');
  }
}

/** Cuts bytes into messages with their length in front: octet counting of RFC 6587. */
export class OctetReader {
  readonly #limit: number;
  readonly #tooLong: (bytes: number) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How many bytes must be there before looking again makes sense. */
  #needed = 1;
  /** Bytes of a message that is left out. */
  #skip = 0;

  /**
   * @param limit bytes that a message may have
   * @param tooLong called for each message that has more, which is left out
   */
  constructor(limit: number, tooLong: (bytes: number) => void) {
    this.#limit = limit;
    this.#tooLong = tooLong;
  }

  /**
   * @param data not needed any more after the call
   * @param found gets each whole message, valid during the call only
   * @throws OctetCountError
   */
  push(data: Buffer, found: (text: Buffer) => void): void {
    let bytes = data;
    if (this.#heldBytes > 0) {
      if (this.#heldBytes + data.length < this.#needed) {
        this.#hold(data);
        return;
      }
      bytes = Buffer.concat([...this.#held, data]);
      this.#held = [];
      this.#heldBytes = 0;
    }
    let at = Math.min(this.#skip, bytes.length);
    this.#skip -= at;
    this.#needed = 1;
    while (at < bytes.length) {
      const blank = bytes.subarray(at, at + mostDigits + 1).indexOf(space);
      const digits = bytes.toString('latin1', at, at + (blank < 0 ? mostDigits + 1 : blank));
      if (!/^\d{1,10}$/.test(digits)) throw new OctetCountError();
      if (blank < 0) break;
      const start = at + blank + 1;
      const end = start + Number(digits);
      if (end - start > this.#limit) {
        this.#tooLong(end - start);
        this.#skip = Math.max(0, end - bytes.length);
        at = Math.min(end, bytes.length);
        continue;
      }
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      found(bytes.subarray(start, end));
      at = end;
    }
    this.#hold(bytes.subarray(at));
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    // Many small pieces cost more than their bytes.
    this.#held.push(Buffer.from(rest));
    this.#heldBytes += rest.length;
    if (this.#held.length < 256) return;
    this.#held = [Buffer.concat(this.#held)];
  }
}
