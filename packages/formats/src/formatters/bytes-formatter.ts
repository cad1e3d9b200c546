import type { EventStream } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';
import { Formatter } from '@sluice/plugin';
import { ByteWriter } from './byte-writer.js';

// One for all: formatting is synchronous, and no formatter calls another one while it writes.
const writer = new ByteWriter();

/** A formatter that writes one record after another, straight from the packed bytes. */
export abstract class BytesFormatter extends Formatter {
  format(tag: string, stream: EventStream): Buffer {
    return Buffer.from(this.#written(tag, stream));
  }

  override formatInto(tag: string, stream: EventStream, target: Buffer, offset: number): number {
    const written = this.#written(tag, stream);
    const end = offset + written.length;
    if (end > target.length) return -end;
    written.copy(target, offset);
    return end;
  }

  #written(tag: string, { bytes }: EventStream): Buffer {
    writer.reset();
    const entry = new EntryCursor(bytes);
    let pos = 0;
    while (entry.moveTo(pos)) pos = this.writeRecord(writer, bytes, entry.record, tag);
    return writer.written;
  }

  /**
   * Writes one record.
   *
   * @param bytes - packed entries
   * @param record - where the record begins
   * @returns where the record ends
   */
  protected abstract writeRecord(
    writer: ByteWriter,
    bytes: Buffer,
    record: number,
    tag: string,
  ): number;
}
