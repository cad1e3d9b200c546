import { connect, type Socket } from 'node:net';
import * as formats from '@sluice/formats';
import { createDriver, type Driver, type TestClock } from '@sluice/plugin/testing';
import { onTestFinished } from 'vitest';
import { httpInput } from '../src/index.js';

/** An input that runs until the end of the test. */
export async function start(text = '', clock?: TestClock): Promise<Driver<'input'>> {
  const driver = createDriver(httpInput, `port 0\nbind 127.0.0.1\n${text}`, {
    plugins: [formats],
    ...(clock && { clock }),
  });
  onTestFinished(async () => {
    await driver.stop();
  });
  return driver.start();
}

export function portOf(driver: Driver<'input'>): number {
  return Number(driver.log.find(({ text }) => text.startsWith('listening'))?.fields.port);
}

export type Body = NonNullable<NonNullable<Parameters<typeof fetch>[1]>['body']>;

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Posts with fetch. */
export async function post(
  driver: Driver<'input'>,
  path: string,
  body: Body,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Got> {
  const url = `http://127.0.0.1:${portOf(driver)}${path}`;
  const response = await fetch(url, {
    method,
    headers,
    ...(method !== 'GET' && method !== 'HEAD' && { body }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export const json = { 'Content-Type': 'application/json' };

/** A bare connection, for what no client sends. */
export class Raw {
  readonly socket: Socket;
  text = '';
  readonly #waiting = new Set<() => void>();
  readonly closed: Promise<void>;

  constructor(driver: Driver<'input'>) {
    this.socket = connect(portOf(driver), '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text;
      for (const check of this.#waiting) check();
    });
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    onTestFinished(() => void this.socket.destroy());
  }

  /** Resolves when the peer has said this. */
  said(text: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.text.includes(text)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
