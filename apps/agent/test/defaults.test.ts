import { dumpConfig, parseConfig, unreadableDefaults } from '@sluice/config';
import { bufferSection } from '@sluice/buffer';
import { expect, test } from 'vitest';
import { loadPlugins } from '../src/load-plugins.js';
import { systemSection } from '../src/processes/system-section.js';

const plugins = (await loadPlugins({})).all();
const sections = [
  ...plugins.map(
    ({ definition }) => [`${definition.kind} ${definition.type}`, definition.section] as const,
  ),
  ['<system>', systemSection] as const,
  ['<buffer>', bufferSection] as const,
];

test.each(sections)('the defaults of %s are printed as they can be read back', (_name, section) => {
  expect(unreadableDefaults(section)).toEqual([]);
});

test('what config show prints is read as the same configuration', () => {
  const text = `
    <system>
      workers 2
    </system>
    <source>
      @type forward
      chunk_size_limit 256m
      <transport tls>
        cert_path /a.pem
        private_key_path /a.key
        private_key_passphrase "a secret # with a blank"
      </transport>
    </source>
    <match a.** b>
      @type file
      path /tmp/\${tag}/%Y
      file_permission 0640
      <format>
        @type json
      </format>
    </match>`;
  const print = (from: string): string =>
    dumpConfig(parseConfig(from, { path: 'a.conf' }), { showSecrets: true, defaults: true });
  const once = print(text);
  expect(print(once)).toBe(once);
  expect(once).toContain('file_permission 0640');
});
