import { isUnrecoverable, printable, UnrecoverableError } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { createClientContext, type ClientTls, type ClientTlsOptions } from '@sluice/tls';
import { Agent } from 'undici';
import { connector } from './connector.js';
import { HttpOutputError } from './errors.js';
import type { HttpOutputConfig } from './section.js';

/** Characters of an answer that go into the log. */
const shown = 500;
/** Bytes of an answer that are read at all; a connection whose answer is longer is closed. */
const mostBytes = 64 * 1024;

/** One request. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends requests, and says what their answers mean. */
export class HttpClient {
  readonly #config: HttpOutputConfig;
  readonly #log: Logger;
  readonly #agent: Agent;
  #tls: ClientTls | undefined;

  constructor(
    config: HttpOutputConfig,
    log: Logger,
    nameOf: (host: string, port: number) => string | undefined,
  ) {
    this.#config = config;
    this.#log = log;
    const { openTimeout, sslTimeout, readTimeout, reuseConnections } = config;
    this.#agent = new Agent({
      connect: connector({
        openTimeout: openTimeout * 1000,
        sslTimeout: sslTimeout * 1000,
        tls: () => this.#tls,
        nameOf,
      }),
      headersTimeout: readTimeout * 1000,
      bodyTimeout: readTimeout * 1000,
      // 0 is a connection for each request.
      pipelining: reuseConnections ? 1 : 0,
    });
  }

  /** @throws TlsError for certificates that cannot be used */
  async start(title: string): Promise<void> {
    if (!/^https:/i.test(this.#config.endpoint)) return;
    this.#tls = await createClientContext({ ...tlsOptions(this.#config), log: this.#log, title });
  }

  async close(): Promise<void> {
    this.#tls?.close();
    await this.#agent.destroy();
  }

  /**
   * Resolves when the server has taken the events, and where they are dropped because of
   * `error_response_as_unrecoverable false`.
   *
   * @returns false where they were dropped
   * @throws HttpOutputError where they may be sent again, UnrecoverableError where not
   */
  async send({ url, method, headers, body }: HttpRequest): Promise<boolean> {
    const { status, text } = await this.#request({ url, method, headers, body });
    if (status >= 200 && status < 300) return true;
    const message = `${method} ${shownUrl(url)}: ${status} ${printable(text, shown)}`.trimEnd();
    if (this.#config.retryableResponseCodes.includes(status)) {
      throw new HttpOutputError('ERR_SLUICE_HTTP_RESPONSE', message, shownUrl(url), status);
    }
    if (this.#config.errorResponseAsUnrecoverable) throw new UnrecoverableError(message);
    this.#log.error({ endpoint: shownUrl(url), status }, `events are dropped: ${message}`);
    return false;
  }

  async #request({ url, method, headers, body }: HttpRequest): Promise<{
    status: number;
    text: string;
  }> {
    try {
      const path = `${url.pathname}${url.search}`;
      const answer = await this.#agent.request({ origin: url.origin, path, method, headers, body });
      return { status: answer.statusCode, text: await readText(answer.body) };
    } catch (error) {
      if (isUnrecoverable(error)) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'UND_ERR_INVALID_ARG') {
        throw new UnrecoverableError(`${method} ${shownUrl(url)}: ${message}`, { cause: error });
      }
      throw new HttpOutputError(
        'ERR_SLUICE_HTTP_UNREACHABLE',
        `${method} ${shownUrl(url)}: ${message || String(code)}`,
        shownUrl(url),
        undefined,
        { cause: error },
      );
    }
  }
}

/** Without user, password and query, which may be secret. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function readText(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (pieces.length === 0) pieces.push(piece.subarray(0, 4 * shown));
    if (bytes > mostBytes) break; // which destroys it
  }
  return Buffer.concat(pieces).toString('utf8').trim();
}

function tlsOptions(config: HttpOutputConfig): ClientTlsOptions {
  const { tlsVersion, tlsCiphers, tlsCaCertPath, tlsClientCertPath } = config;
  const { tlsPrivateKeyPath, tlsPrivateKeyPassphrase } = config;
  return {
    ...(tlsVersion === undefined
      ? { minVersion: 'TLSv1_2' as const, maxVersion: 'TLSv1_3' as const }
      : { version: tlsVersion }),
    ...(tlsCiphers !== undefined && { ciphers: tlsCiphers }),
    insecure: config.tlsVerifyMode === 'none',
    ...(tlsCaCertPath !== undefined && { certPaths: [tlsCaCertPath] }),
    ...(tlsClientCertPath !== undefined && { certPath: tlsClientCertPath }),
    ...(tlsPrivateKeyPath !== undefined && { privateKeyPath: tlsPrivateKeyPath }),
    ...(tlsPrivateKeyPassphrase !== undefined && {
      privateKeyPassphrase: tlsPrivateKeyPassphrase,
    }),
  };
}
