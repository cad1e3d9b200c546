import { describe, expect, test, vi } from 'vitest';
import {
  collectWarnings,
  ConfigError,
  ConfigErrors,
  defineSection,
  dumpConfig,
  elementOf,
  errorInFile,
  namesInFile,
  parseConfig,
  secret,
  t,
} from '../src/index.js';

const certificate = defineSection({
  name: 'certificate',
  params: { certPath: t.string().optional(), privateKeyPath: t.string().optional() },
});
const transport = defineSection({
  name: 'transport',
  unknown: 'error',
  params: {
    certPath: t.string().optional(),
    privateKeyPassphrase: secret(t.string()).optional(),
    clientCertAuth: t.bool().optional(),
  },
  sections: { certificates: { section: certificate, multiple: true } },
});
const source = defineSection({
  name: 'source',
  params: { port: t.integer(), bind: t.string(), timeout: t.time().optional() },
  sections: { transport: { section: transport } },
  check() {
    throw new Error('a check is not called where its values are missing');
  },
});

function first(text: string) {
  return parseConfig(text, { path: 'f' }).elements[0];
}

function failure(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function failures(read: () => unknown): ConfigErrors {
  const error = failure(read);
  if (error instanceof ConfigErrors) return error;
  throw new Error('it was one error', { cause: error });
}

describe('several mistakes', () => {
  const text = `<source>
  port x
  timeout y
  <transport>
    client_cert_auth z
  </transport>
  <transport>
  </transport>
</source>`;

  test('are reported together, those of sections inside too', () => {
    const error = failures(() => source.read(first(text)));
    expect(error).toMatchObject({ name: 'ConfigErrors', file: 'f', line: 2, parameter: 'port' });
    expect(error.message).toBe('port: expected an integer, got "x" (and 4 more)');
    expect(error.errors.map(({ line, message }) => [line, message])).toEqual([
      [2, 'port: expected an integer, got "x"'],
      [1, 'bind is required in <source>'],
      [3, 'timeout: expected a time, got "y"'],
      [7, 'duplicate <transport> in <source>, the first is in line 4'],
      [5, 'client_cert_auth: expected true or false, got "z"'],
    ]);
  });

  test('are printed one after the other', () => {
    const error = failure(() => source.read(first(text)));
    const blocks = error.format().split('\n\n');
    expect(blocks.map((block) => block.split(' ', 1)[0])).toEqual([
      'f:2:8:',
      'f:1:1:',
      'f:3:11:',
      'f:7:3:',
      'f:5:22:',
    ]);
  });

  test('are taken apart when joined again; one alone stays what it is', () => {
    const one = failure(() => source.read(first('<source>\nport x\nbind y\n</source>')));
    expect(one).not.toBeInstanceOf(ConfigErrors);
    const all = failure(() => source.read(first(text)));
    expect(new ConfigErrors([one, all]).errors).toHaveLength(6);
  });
});

describe('an unknown parameter where that is an error', () => {
  test('is refused at its name, and its value is not shown', () => {
    const element = first(
      '<transport>\n  client_cert_auht true\n  pasphrase abc # secret\n</transport>',
    );
    const error = failures(() => transport.read(element));
    expect(error.errors[0]).toMatchObject({
      code: 'ERR_SLUICE_CONFIG_UNKNOWN',
      parameter: 'client_cert_auht',
      line: 2,
      column: 3,
    });
    expect(error.format()).toBe(`f:2:3: unknown parameter client_cert_auht in <transport>
  2 |   client_cert_auht
    |   ^
  hint: did you mean client_cert_auth?

f:3:3: unknown parameter pasphrase in <transport>
  3 |   pasphrase
    |   ^
  hint: remove it`);
  });

  test('so is an unknown section', () => {
    const element = first('<transport>\n<certifcate>\n</certifcate>\n</transport>');
    expect(failure(() => transport.read(element))).toMatchObject({
      code: 'ERR_SLUICE_CONFIG_UNKNOWN',
      message: 'unknown section <certifcate> in <transport>',
      hint: 'did you mean certificate?',
    });
  });

  test('what others read is not a mistake', () => {
    const element = first('<transport>\n  mine 1\n  @id x\n<other>\n</other>\n</transport>');
    const ignored = { ignoreParams: ['mine'], ignoreSections: ['other'] };
    expect(() => transport.read(element, ignored)).not.toThrow();
  });
});

test('warnings are kept on their way to the log', () => {
  const log = { warn: vi.fn() };
  const list = collectWarnings(log);
  certificate.read(first('<certificate>\nodd 1\n</certificate>'), { log: list });
  expect(list.warnings).toEqual(['f:2: unknown parameter odd in <certificate> is not used']);
  expect(log.warn).toHaveBeenCalledOnce();
});

describe('an error of a library', () => {
  const plugin = defineSection({
    name: 'source',
    params: { port: t.integer().default(1), bindAddress: t.string().optional() },
    sections: { transport: { section: transport } },
  });
  const element = first(`<source>
  <transport>
    cert_path /a.pem
    private_key_passphrase abc
    <certificate>
      cert_path /b.pem
    </certificate>
    <certificate>
      cert_path /c.pem
    </certificate>
  </transport>
</source>`);
  const wrong = (message: string, option?: string) =>
    errorInFile(Object.assign(new Error(message), { option }), plugin, element);

  test('points into the file and names parameters as the file does', () => {
    const error = wrong('privateKeyPassphrase does not open /k', 'privateKeyPassphrase');
    expect(error).toMatchObject({
      message: 'private_key_passphrase does not open /k',
      parameter: 'private_key_passphrase',
      line: 4,
      column: 28,
    });
    expect(error.format()).not.toContain('abc');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('finds the section by a path', () => {
    const error = wrong('certificates[1].privateKeyPath is required', 'certificates[1].certPath');
    expect(error).toMatchObject({
      message: 'certificates[1].private_key_path is required',
      parameter: 'cert_path',
      line: 9,
    });
    expect(wrong('x', 'tls.certPath')).toMatchObject({ parameter: 'cert_path', line: 3 });
  });

  test('a parameter that is not in the file, and none at all, point at the section', () => {
    expect(wrong('clientCertAuth: no', 'clientCertAuth')).toMatchObject({
      message: 'client_cert_auth: no',
      parameter: 'client_cert_auth',
      line: 2,
    });
    expect(wrong('bindAddress is in use')).toMatchObject({
      message: 'bind_address is in use',
      line: 1,
      parameter: undefined,
    });
    expect(wrong('x', 'unheardOf')).toMatchObject({ message: 'x', line: 1 });
  });

  test('a warning names parameters as the file does, and leaves other words alone', () => {
    const text = 'certPath has no effect without clientCertAuth, says OpenSSL in myOwnWay';
    expect(namesInFile(text, plugin)).toBe(
      'cert_path has no effect without client_cert_auth, says OpenSSL in myOwnWay',
    );
  });

  test('a configuration error stays what it is', () => {
    const error = new ConfigError('x', { code: 'ERR_SLUICE_CONFIG_VALUE' });
    expect(errorInFile(error, plugin, element)).toBe(error);
  });
});

describe('two copies of this package', () => {
  test('know the errors, the sections, the secrets and the defaults of each other', async () => {
    vi.resetModules();
    const other = await import('../src/index.js');
    expect(other.ConfigError).not.toBe(ConfigError);

    const own = new ConfigError('x', { code: 'ERR_SLUICE_CONFIG_VALUE' });
    expect(own).toBeInstanceOf(other.ConfigError);
    expect(own).not.toBeInstanceOf(other.ConfigErrors);
    expect(new other.ConfigErrors([own, own])).toBeInstanceOf(ConfigErrors);
    class Derived extends ConfigError {}
    expect(own).not.toBeInstanceOf(Derived);
    expect(new Error('x')).not.toBeInstanceOf(ConfigError);

    const section = other.defineSection({
      name: 'a',
      params: { pin: other.secret(other.t.string()), size: other.t.size().default(1024) },
    });
    const element = first('<a>\npin 5\nsize "#{use_default}"\n</a>');
    const value = section.read(element);
    expect(value.size).toBe(1024);
    expect(elementOf(value)).toBe(element);
    expect(dumpConfig(element, { defaults: true })).toContain('pin xxxxxx');
  });
});
