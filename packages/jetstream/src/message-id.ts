import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { EventStream } from '@sluice/event-stream';

/**
 * Names chunks for `Nats-Msg-Id`, by which JetStream knows one that it has already.
 *
 * A chunk with an id of its sender is named by that, its tag and subject, its size and the checksum
 * of its bytes: the same chunk that is sent again, here or to another agent, has the same name. What
 * has the same id by chance or by mistake (of another sender, or another part of the chunk that a
 * filter has chosen) has another name, because a name that is wrongly the same loses events.
 *
 * A chunk without an id is named once, when it is seen first, and keeps that name for as long as the
 * stream lives, so that a retry of a buffer is not a second message. Its bytes cannot name it: two events
 * that look the same are two events.
 */
export class MessageIds {
  readonly #process = randomBytes(12).toString('base64url');
  readonly #named = new WeakMap<EventStream, string>();
  #count = 0;

  for(tag: string, subject: string, stream: EventStream): string {
    const { chunkId, bytes } = stream;
    if (chunkId === undefined) {
      let name = this.#named.get(stream);
      if (name === undefined) {
        name = `${this.#process}-${(this.#count++).toString(36)}`;
        this.#named.set(stream, name);
      }
      return name;
    }
    const digest = createHash('sha256')
      .update(JSON.stringify([chunkId, tag, subject]))
      .digest('base64url');
    return `${digest.slice(0, 22)}-${bytes.length.toString(36)}-${crc32(bytes).toString(36)}`;
  }
}
