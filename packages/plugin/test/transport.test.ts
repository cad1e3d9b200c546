import { ConfigErrors, parseConfig, type ConfigElement } from '@sluice/config';
import { silentLogger } from '@sluice/server';
import { serverTlsOptions } from '@sluice/tls';
import { describe, expect, test } from 'vitest';
import {
  listenProblems,
  transportOptions,
  transportSection,
  transportSectionOf,
} from '../src/index.js';

const element = (text: string): ConfigElement => parseConfig(text).elements[0];
const every = transportSectionOf('tcp', 'tls', 'udp', 'unix');

function read(text: string) {
  return transportOptions(transportSection.read(element(text)));
}

/** What is wrong with a section, one message each. */
function mistakes(text: string, section: { read(element: ConfigElement): unknown } = every) {
  try {
    section.read(element(text));
  } catch (error) {
    const all = error instanceof ConfigErrors ? error.errors : [error as Error];
    return all.map(({ message }) => message);
  }
  return [];
}

test('tcp is the default, with its linger time-out', () => {
  expect(read('<transport>\n</transport>')).toEqual({ proto: 'tcp', lingerTimeout: 0 });
  expect(read('<transport tcp>\n linger_timeout 1m\n</transport>')).toEqual({
    proto: 'tcp',
    lingerTimeout: 60,
  });
});

test('tls hands every parameter on in camelCase', () => {
  const { proto, lingerTimeout, tlsOptions } = read(`<transport tls>
    linger_timeout 2
    version TLSv1_3
    cert_path /certs/server.pem
    private_key_path /certs/server.key
    private_key_passphrase "a secret"
    client_cert_auth true
    generate_cert_expiration 1d
  </transport>`);
  expect({ proto, lingerTimeout }).toEqual({ proto: 'tls', lingerTimeout: 2 });
  expect(tlsOptions).toEqual({
    version: 'TLSv1_3',
    certPath: '/certs/server.pem',
    privateKeyPath: '/certs/server.key',
    privateKeyPassphrase: 'a secret',
    clientCertAuth: true,
    generateCertExpiration: 86_400,
    certificates: [],
  });
});

test('what is not written is left to the TLS layer, which knows the defaults', () => {
  const { tlsOptions } = read('<transport tls>\n</transport>');
  const given = Object.entries(tlsOptions!).filter(([, value]) => value !== undefined);
  expect(given).toEqual([['certificates', []]]);
});

test('every option of the TLS layer that a file can give is a parameter', () => {
  const inFile = Object.entries(serverTlsOptions).filter(([, { kind }]) => kind !== 'code');
  const params = transportSection.schema.params!;
  for (const [name, info] of inFile) {
    expect(Object.keys(params)).toContain(name);
    expect(params[name].meta.description).toContain(info.description);
    expect(params[name].meta.secret === true).toBe('secret' in info);
  }
});

test('what Fluentd has not is there as well', () => {
  const { tlsOptions } = read(`<transport tls>
    cert_path a.pem
    private_key_path a.key
    cert_verifier /verify.mjs
    cert_verifier_timeout 2s
    alpn_protocols fluent/1,fluent/2
    ticket_secret_path /secret
    ticket_rotation 6h
    <certificate>
      cert_path b.pem
      private_key_path b.key
      server_names b.example,*.b.example
    </certificate>
  </transport>`);
  expect(tlsOptions).toMatchObject({
    clientCertAuth: undefined, // so that the verifier turns it on
    certVerifier: '/verify.mjs',
    certVerifierTimeout: 2,
    alpnProtocols: ['fluent/1', 'fluent/2'],
    ticketSecretPath: '/secret',
    ticketRotation: 21_600,
    certificates: [
      { certPath: 'b.pem', privateKeyPath: 'b.key', serverNames: ['b.example', '*.b.example'] },
    ],
  });
});

describe('the other protocols', () => {
  const options = (text: string) => transportOptions(every.read(element(text)));

  test('udp has its datagrams', () => {
    expect(options('<transport udp>\n</transport>')).toEqual({
      proto: 'udp',
      maxBytes: 65_535,
      oversize: 'truncate',
      maxQueuedBytes: 4 * 1024 * 1024,
    });
    const text = 'max_bytes 2k\noversize drop\nmax_queued_bytes 1m\nreceive_buffer_size 8m';
    expect(options(`<transport udp>\n${text}\n</transport>`)).toEqual({
      proto: 'udp',
      maxBytes: 2048,
      oversize: 'drop',
      maxQueuedBytes: 1024 * 1024,
      receiveBufferSize: 8 * 1024 * 1024,
    });
  });

  test('unix has its socket file', () => {
    const text = 'path /run/x.sock\npermissions 0660\nowner root\ngroup adm';
    expect(options(`<transport unix>\n${text}\n</transport>`)).toEqual({
      proto: 'unix',
      path: '/run/x.sock',
      permissions: '0660',
      owner: 'root',
      group: 'adm',
    });
    expect(mistakes('<transport unix>\n</transport>')).toEqual([
      'path is required in <transport unix>',
    ]);
  });

  test.each(['tcp', 'tls', 'udp'])('receive_buffer_size is for %s, too', (protocol) => {
    const text = `<transport ${protocol}>\nreceive_buffer_size 64k\n</transport>`;
    expect(options(text)).toMatchObject({ receiveBufferSize: 65_536 });
  });

  test('a plugin gets those that it asks for, and the first one by default', () => {
    const section = transportSectionOf('udp', 'unix');
    expect(section.read(element('<transport>\n</transport>')).protocol).toBe('udp');
    expect(mistakes('<transport tls>\n</transport>', section)).toEqual([
      'argument of <transport>: expected one of udp, unix, got "tls"',
    ]);
    expect(Object.keys(section.schema.params!)).not.toContain('certPath');
  });
});

describe('mistakes', () => {
  test('a protocol that plugins cannot listen on is refused with its place', () => {
    expect(() => read('<transport quic>\n</transport>')).toThrow(/expected one of tcp, tls/);
  });

  test.each([
    ['<transport tcp>\nclient_cert_auth true\n</transport>', 'client_cert_auth is not for tcp'],
    ['<transport>\ncert_path /x.pem\n</transport>', 'cert_path is not for tcp: it is for tls'],
    ['<transport>\ninsecure false\n</transport>', 'insecure is not for tcp: it is for tls'],
    ['<transport unix>\npath /x\nlinger_timeout 1\n</transport>', 'it is for tcp, tls'],
    ['<transport tls>\nmax_bytes 1\n</transport>', 'max_bytes is not for tls: it is for udp'],
    [
      '<transport>\n<certificate>\ncert_path x\nprivate_key_path y\n</certificate>\n</transport>',
      '<certificate> is not for tcp: it is for tls',
    ],
  ])('a parameter of another protocol: %j', (text, words) => {
    const found = mistakes(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });

  test('several are reported together', () => {
    expect(mistakes('<transport>\ncert_path /x\nclient_cert_auth true\n</transport>')).toHaveLength(
      2,
    );
  });

  test.each([
    ['<transport tls>\nclient_cert_auht true\n</transport>', 'client_cert_auht'],
    ['<transport tcp>\nlinger_timout 1\n</transport>', 'linger_timout'],
    ['<transport>\n<certifcate>\n</certifcate>\n</transport>', '<certifcate>'],
    [
      '<transport tls>\n<certificate>\ncert_path x\nprivate_key_path y\nname z\n</certificate>\n</transport>',
      'name',
    ],
  ])('an unknown name: %j', (text, name) => {
    const found = mistakes(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`unknown ${name.startsWith('<') ? 'section' : 'parameter'} ${name}`);
  });
});

describe('what would keep a server from starting', () => {
  const context = { log: silentLogger };
  const problems = async (text: string, listening: { port?: number; bind?: string } = {}) => {
    const source = element(`<source>\n${text}\n</source>`);
    const transport = every.read(source.children('transport')[0]);
    const found = await listenProblems({ ...listening, transport }, source, context);
    return found.map((problem) => problem.format());
  };

  test.each(['tcp', 'udp'])('%s: an address of another machine', async (protocol) => {
    const [text] = await problems(`bind 192.0.2.1\n<transport ${protocol}>\n</transport>`, {
      port: 0,
      bind: '192.0.2.1',
    });
    expect(text).toContain('cannot listen');
    expect(text).toContain(':2:'); // at `bind`
  });

  test('unix: a folder that cannot be made', async () => {
    const [text] = await problems('<transport unix>\npath /proc/none/x.sock\n</transport>');
    expect(text).toContain('path: ');
    expect(text).toContain(':3:');
  });

  test('tls: a certificate that is missing', async () => {
    const [text] = await problems(
      '<transport tls>\ncert_path /nonexistent/c.pem\nprivate_key_path /nonexistent/k\n</transport>',
      { port: 0, bind: '127.0.0.1' },
    );
    expect(text).toContain('/nonexistent/c.pem');
    expect(text).toContain(':3:');
  });

  test('tls: warnings say where in the file', async () => {
    const warnings: unknown[] = [];
    const source = element(
      '<source>\n<transport tls>\ncert_path /nonexistent/c.pem\nprivate_key_path /nonexistent/k\n' +
        'ca_cert_path /nonexistent/ca.pem\n</transport>\n</source>',
    );
    const transport = every.read(source.children('transport')[0]);
    const log = { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) };
    await listenProblems({ port: 0, bind: '127.0.0.1', transport }, source, { log });
    const { file } = source.location;
    expect(warnings).toEqual([
      [
        { option: 'ca_cert_path', file, line: 5 },
        `${file}:5: ca_cert_path has no effect with cert_path`,
      ],
    ]);
  });

  test('nothing, and nothing is left behind', async () => {
    for (const protocol of ['tcp', 'udp']) {
      const text = `<transport ${protocol}>\n</transport>`;
      expect(await problems(text, { port: 0, bind: '127.0.0.1' })).toEqual([]);
    }
  });
});
