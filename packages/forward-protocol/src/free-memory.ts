import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Less is not worth a call. */
const WORTH = 64 * 1024;

type Transferable = ArrayBuffer & { transfer?: (length: number) => ArrayBuffer };

/** A closed port: what is moved to it is gone. Before Node 21 buffers have no `transfer`. */
let nowhere: MessagePort | undefined;

function openNowhere(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}

/**
 * Gives memory back to the system now. Otherwise V8 does so when it collects garbage, and until then
 * as much again may have come. The bytes are empty afterwards: only for what nobody else looks at.
 */
export function freeMemory(bytes: Buffer): void {
  const buffer = bytes.buffer as Transferable;
  // A part of a buffer may have neighbours.
  if (bytes.length < WORTH || bytes.length !== buffer.byteLength) return;
  if (buffer.transfer !== undefined) buffer.transfer(0);
  else (nowhere ??= openNowhere()).postMessage(undefined, [buffer]);
}
