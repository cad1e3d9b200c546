import type { IncomingMessage } from 'node:http';
import {
  EventPacker,
  EventStreamError,
  type EventStream,
  type EventTime,
} from '@sluice/event-stream';
import { ParseError } from '@sluice/plugin';
import { addForm, addMultipart, boundaryOf, type Fields } from './fields.js';
import { secondsToTime, type RecordReader } from './record-reader.js';
import { RequestRefusal } from './refusal.js';
import type { HttpConfig } from './section.js';

/** What a request is for. */
export interface Target {
  readonly tag: string;
  readonly query: string;
}

/** The tag that a path stands for: its parts with dots between. */
export function targetOf(url: string, prefix: string | undefined): Target {
  // A proxy's client sends the whole URL.
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const mark = path.indexOf('?');
  const parts = (mark < 0 ? path : path.slice(0, mark)).replace(/#.*$/s, '').slice(1).split('/');
  while (parts.at(-1) === '') parts.pop();
  const tag = parts.join('.');
  return {
    tag: prefix === undefined ? tag : `${prefix}.${tag}`,
    query: mark < 0 ? '' : path.slice(mark + 1).replace(/#.*$/s, ''),
  };
}

/** Makes the events of requests. */
export class RequestEvents {
  readonly #config: HttpConfig;
  readonly #reader: RecordReader;
  readonly #anyType: boolean;
  readonly #packer = new EventPacker();

  /** @param anyType the body goes to one parser, whatever its type is */
  constructor(config: HttpConfig, reader: RecordReader, anyType: boolean) {
    this.#config = config;
    this.#reader = reader;
    this.#anyType = anyType;
  }

  /**
   * All events of a request, or none.
   *
   * @param remoteAddr the address of the connection
   * @throws RequestRefusal where one of them cannot be read
   */
  streamOf(
    request: IncomingMessage,
    { query }: Target,
    body: Buffer,
    remoteAddr: string,
  ): EventStream {
    const { headers } = request;
    const contentType = headers['content-type'] ?? '';
    const fields: Fields = new Map();
    addForm(fields, Buffer.from(query, 'latin1'));
    const queried = this.#config.addQueryParams ? [...fields] : [];
    if (!this.#anyType) addFormBody(fields, contentType, body);
    const added = this.#addedFields(request, queried, remoteAddr);
    const time = timeOf(fields.get('time'));
    const packer = this.#packer;
    try {
      const contents = { contentType, body, fields };
      if (time === undefined && added === undefined) this.#reader.readInto(contents, packer);
      else {
        this.#reader.read(contents, (found, record) => {
          packer.add(time ?? found, added === undefined ? record : Object.assign(record, added));
        });
      }
      return packer.take();
    } catch (error) {
      if (packer.count > 0) packer.take(); // all or nothing: the client sends the whole again
      if (error instanceof ParseError || error instanceof EventStreamError) {
        throw new RequestRefusal(400, error.message);
      }
      throw error;
    }
  }

  #addedFields(
    { rawHeaders, headers }: IncomingMessage,
    queried: readonly [string, Buffer][],
    remoteAddr: string,
  ): Record<string, unknown> | undefined {
    const { addHttpHeaders, addQueryParams, addRemoteAddr } = this.#config;
    if (!addHttpHeaders && !addQueryParams && !addRemoteAddr) return undefined;
    const added: Record<string, unknown> = {};
    for (let at = 0; addHttpHeaders && at < rawHeaders.length; at += 2) {
      const name = `HTTP_${fieldName(rawHeaders[at])}`;
      const value = rawHeaders[at + 1];
      const before = added[name];
      added[name] = before === undefined ? value : [before, value].flat();
    }
    for (const [name, value] of queried) added[`QUERY_${fieldName(name)}`] = value.toString('utf8');
    if (addRemoteAddr) added.REMOTE_ADDR = forwardedFor(headers) ?? remoteAddr;
    return added;
  }
}

function addFormBody(fields: Fields, contentType: string, body: Buffer): void {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) addForm(fields, body);
  if (!/^multipart\/form-data\b/i.test(contentType)) return;
  const boundary = boundaryOf(contentType);
  if (boundary === undefined || !addMultipart(fields, body, boundary)) {
    throw new RequestRefusal(400, 'the body is not multipart/form-data');
  }
}

function fieldName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

function forwardedFor(headers: IncomingMessage['headers']): string | undefined {
  const header = headers['x-forwarded-for'];
  const text = Array.isArray(header) ? header[0] : header;
  const first = text?.split(',', 1)[0].trim();
  return first === '' ? undefined : first;
}

/** The time of a request's parameter `time`; undefined where it is none. */
function timeOf(text: Buffer | undefined): EventTime | undefined {
  if (text === undefined) return undefined;
  const match = /^\s*[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(text.toString('latin1', 0, 64));
  const seconds = match === null ? 0 : Number(match[0]);
  return seconds === 0 ? undefined : secondsToTime(seconds, 'time');
}
