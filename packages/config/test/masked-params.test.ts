import { expect, test } from 'vitest';
import { defineSection, maskedParams, parseConfig, secret, snakeCase, t } from '../src/index.js';

const text = `<source>
  @type http
  port 80
  password abc
  word xxxxxx
  own hush
  authorization Bearer abc
  empty_password ""
  nothing "#{use_nil}"
  "odd name" 5
  <inner>
    port 81
  </inner>
</source>`;

test('the parameters of a section, with secrets masked', () => {
  const [source] = parseConfig(text).elements;
  defineSection({ name: 'source', params: { own: secret(t.string()) } }).read(source);
  expect(maskedParams(source)).toEqual({
    '@type': 'http',
    port: '80',
    password: 'xxxxxx',
    word: 'xxxxxx',
    own: 'xxxxxx',
    authorization: 'xxxxxx',
    empty_password: '',
    'odd name': '5',
  });
});

test.each([
  ['headers', '{"X-Team":"a","Authorization":"Bearer abc"}'],
  ['headers', 'X-Team:a,x-api-key:abc'],
  ['headers_from_placeholders', '{"x-token":"${tag}"}'],
  ['anything', '{"user":"a", "password":"b"}'],
])('%s %s has a secret in it', (name, value) => {
  const [source] = parseConfig(`<source>\n  ${name} ${value}\n</source>`).elements;
  expect(maskedParams(source)).toEqual({ [name]: 'xxxxxx' });
});

test.each([
  ['headers', '{"X-Team":"a","Accept":"token: none"}'],
  ['anything', 'token: it is a sentence'],
])('%s %s has none', (name, value) => {
  const [source] = parseConfig(`<source>\n  ${name} ${value}\n</source>`).elements;
  expect(maskedParams(source)).toEqual({ [name]: value });
});

test('a name in code as files have it', () => {
  expect(snakeCase('lingerTimeout')).toBe('linger_timeout');
  expect(snakeCase('port')).toBe('port');
});
