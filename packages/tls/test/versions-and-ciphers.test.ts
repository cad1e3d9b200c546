import { expect, test } from 'vitest';
import type { ServerTlsOptions } from '../src/index.js';
import { createServerContext } from '../src/index.js';
import { sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const insecure: ServerTlsOptions = { insecure: true, generatePrivateKeyType: 'ecdsa' };
const old = ['-cipher', 'ALL:@SECLEVEL=0'];

/** What s_client negotiates, `TLSv1.2 ECDHE-…`, or `refused`. */
async function negotiate(options: ServerTlsOptions, ...args: string[]): Promise<string> {
  const server = await startServer({ ...insecure, ...options });
  try {
    const { text } = await sClient(server.port, ...args);
    const [, version, cipher] = /New, (\S+), Cipher is (\S+)/.exec(text) ?? [];
    if (!text.includes('hello') || cipher === '(NONE)') return 'refused';
    const protocol = / Protocol *: (\S+)/.exec(text)?.[1] ?? version;
    return `${protocol} ${cipher}`;
  } finally {
    await server.close();
  }
}

const accepted: [string, ServerTlsOptions, string[], RegExp][] = [
  ['TLS 1.2 by default', {}, [], /^TLSv1.2 ECDHE/],
  ['TLSv1_1 alone', { version: 'TLSv1_1' }, ['-tls1_1', ...old], /^TLSv1.1 /],
  ['TLS1_1, the other spelling', { version: 'TLS1_1' }, ['-tls1_1', ...old], /^TLSv1.1 /],
  ['TLSv1_3 alone', { version: 'TLSv1_3' }, [], /^TLSv1.3 TLS_AES_256/],
  ['the highest of a range', { minVersion: 'TLSv1_2', maxVersion: 'TLSv1_3' }, [], /^TLSv1.3 /],
  [
    'the lowest of a range',
    { minVersion: 'TLS1_1', maxVersion: 'TLS1_3' },
    ['-tls1_1', ...old],
    /^TLSv1.1 /,
  ],
  [
    'another suite than an excluded one',
    { version: 'TLSv1_3', ciphers: 'ALL:!TLS_AES_256_GCM_SHA384' },
    [],
    /CHACHA20/,
  ],
  [
    'a suite of TLS 1.3 by name',
    { version: 'TLSv1_3', ciphers: 'TLS_AES_128_GCM_SHA256' },
    [],
    /TLS_AES_128_GCM_SHA256/,
  ],
];

test.each(accepted)('negotiates %s', async (_, options, args, expected) => {
  expect(await negotiate(options, ...args)).toMatch(expected);
});

const refused: [string, ServerTlsOptions, string[]][] = [
  ['TLS 1.1 by default', {}, ['-tls1_1', ...old]],
  ['TLS 1.3 by default', {}, ['-tls1_3']],
  ['TLS 1.2 with version TLSv1_3', { version: 'TLSv1_3' }, ['-tls1_2']],
  ['TLS 1.2 with version TLSv1_1', { version: 'TLSv1_1' }, ['-tls1_2']],
  [
    'TLS 1.1 below minVersion',
    { minVersion: 'TLSv1_2', maxVersion: 'TLSv1_3' },
    ['-tls1_1', ...old],
  ],
  [
    'an excluded cipher',
    { ciphers: 'ALL:!aNULL:!eNULL:!SSLv2:!ECDHE-ECDSA-AES128-GCM-SHA256' },
    ['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ],
  [
    'an excluded suite of TLS 1.3',
    { version: 'TLSv1_3', ciphers: 'ALL:!TLS_AES_128_GCM_SHA256' },
    ['-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
  ],
  [
    'an excluded algorithm in TLS 1.3',
    { version: 'TLSv1_3', ciphers: 'ALL:!CHACHA20' },
    ['-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
  ],
];

test.each(refused)('refuses %s', async (_, options, args) => {
  expect(await negotiate(options, ...args)).toBe('refused');
});

const wrong: [string, ServerTlsOptions, string, RegExp][] = [
  ['an unknown version', { version: 'SSLv3' as never }, 'version', /TLSv1_1, TLSv1_2, TLSv1_3/],
  ['minVersion alone', { minVersion: 'TLSv1_2' }, 'maxVersion', /minVersion is set/],
  ['maxVersion alone', { maxVersion: 'TLSv1_2' }, 'minVersion', /maxVersion is set/],
  [
    'a range upside down',
    { minVersion: 'TLSv1_3', maxVersion: 'TLSv1_2' },
    'minVersion',
    /above maxVersion/,
  ],
  ['a cipher that does not exist', { ciphers: 'NO-SUCH-CIPHER' }, 'ciphers', /NO-SUCH-CIPHER/],
  [
    'only TLS 1.3 suites for TLS 1.2',
    { ciphers: 'TLS_AES_128_GCM_SHA256' },
    'ciphers',
    /no cipher for TLSv1_2/,
  ],
  [
    'no suite left for TLS 1.3',
    { version: 'TLSv1_3', ciphers: 'ALL:!AES:!CHACHA20' },
    'ciphers',
    /no cipher for TLSv1_3/,
  ],
];

test.each(wrong)('refuses to start with %s', async (_, options, option, message) => {
  const made = createServerContext({ ...insecure, ...options });
  await expect(made).rejects.toMatchObject({
    name: 'TlsConfigError',
    code: 'ERR_SLUICE_TLS_CONFIG',
    option,
    message: expect.stringMatching(message),
  });
});
