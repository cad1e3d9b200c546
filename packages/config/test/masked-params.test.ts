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

test('a name in code as files have it', () => {
  expect(snakeCase('lingerTimeout')).toBe('linger_timeout');
  expect(snakeCase('port')).toBe('port');
});
