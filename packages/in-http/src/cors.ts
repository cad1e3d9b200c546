import type { HttpConfig } from './section.js';

type Headers = Record<string, string>;

/** Which pages of others may post: cross-origin resource sharing. */
export class Cors {
  readonly #origins: readonly string[] | undefined;
  readonly #credentials: boolean;

  constructor({
    corsAllowOrigins,
    corsAllowCredentials,
  }: Pick<HttpConfig, 'corsAllowOrigins' | 'corsAllowCredentials'>) {
    this.#origins = corsAllowOrigins;
    this.#credentials = corsAllowCredentials;
  }

  /** Whether a request may be taken. One without an origin is not of a page. */
  allows(origin: string | undefined): boolean {
    return this.#origins === undefined || origin === undefined || this.#knows(origin);
  }

  /** What an answer to a request tells its page. */
  headers(origin: string | undefined): Headers {
    if (this.#origins === undefined) return {};
    if (this.#origins.includes('*')) return { 'Access-Control-Allow-Origin': '*' };
    if (origin === undefined || !this.#knows(origin)) return { Vary: 'Origin' };
    return {
      'Access-Control-Allow-Origin': origin,
      ...(this.#credentials && { 'Access-Control-Allow-Credentials': 'true' }),
      Vary: 'Origin',
    };
  }

  /**
   * What is answered to a page that asks whether it may post.
   *
   * @returns undefined where it may not
   */
  preflight(
    origin: string | undefined,
    method: string | undefined,
    headers: string | undefined,
  ): Headers | undefined {
    if (this.#origins === undefined || method !== 'POST') return undefined;
    if (!this.#origins.includes('*') && (origin === undefined || !this.#knows(origin))) {
      return undefined;
    }
    return {
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': headers ?? '',
      ...this.headers(origin),
    };
  }

  #knows(origin: string): boolean {
    return (this.#origins ?? []).some((allowed) => {
      if (allowed === '*' || allowed === origin) return true;
      const star = allowed.indexOf('*');
      if (star < 0) return false;
      const end = allowed.slice(star + 1);
      return (
        origin.length >= allowed.length - 1 &&
        origin.startsWith(allowed.slice(0, star)) &&
        origin.endsWith(end)
      );
    });
  }
}
