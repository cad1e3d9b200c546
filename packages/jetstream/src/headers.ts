import { escapeText, unescapeText } from './escape.js';

/** The tag, escaped as {@link escapeText} does it. */
export const TAG = 'Sluice-Tag';
/** How many events the message has. */
export const EVENTS = 'Sluice-Events';
/** On a dead letter: why it is one. */
export const DEAD_REASON = 'Sluice-Dead-Reason';
/** On a dead letter: the stream, and the number of the message in it. */
export const DEAD_STREAM = 'Sluice-Dead-Stream';
export const DEAD_SEQUENCE = 'Sluice-Dead-Sequence';
export const MESSAGE_ID = 'Nats-Msg-Id';

/** What an output says of its message. */
export interface MessageFacts {
  readonly tag: string;
  readonly events: number;
}

export function tagHeader(tag: string): string {
  return escapeText(tag);
}

/** What the headers say; undefined where the message is not one of ours. */
export function messageFacts(
  headers: { has(name: string): boolean; get(name: string): string } | undefined,
): MessageFacts | undefined {
  if (headers?.has(TAG) !== true) return undefined;
  const tag = unescapeText(headers.get(TAG));
  const events = headers.get(EVENTS);
  if (tag === undefined || !/^\d+$/.test(events)) return undefined;
  return { tag, events: Number(events) };
}
