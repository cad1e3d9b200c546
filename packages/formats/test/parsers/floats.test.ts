import { EventPacker } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import { parsed, parserFor } from './support.js';

// JSON lines write 1.0 for a float of MessagePack.
test.each([
  [
    'json',
    '',
    '{"a":1.0,"b":1,"c":1e3,"d":-0.0,"e":[2.0,2.5],"f":"1.0 x","g":12345678901234567890}',
    '{"a":1.0,"b":1,"c":1000.0,"d":-0.0,"e":[2.0,2.5],"f":"1.0 x","g":12345678901234567890}',
  ],
  [
    'json',
    'types a:float,b:string,c:integer',
    '{"a":1,"b":2.0,"c":3.0}',
    '{"a":1.0,"b":"2.0","c":3}',
  ],
  ['json', '', '{"time":1600000000.0,"a":1}', '{"a":1}'],
  ['ltsv', 'types a:float,b:float', 'a:1\tb:x', '{"a":1.0,"b":0.0}'],
])('%s %s: floats stay floats in %s', (type, params, text, expected) => {
  const { events, error } = parsed(parserFor(type, params), text);
  expect(error).toBeUndefined();
  const packer = new EventPacker();
  for (const [time, record] of events) packer.add(time, record);
  expect(packer.take().toJsonLines().toString()).toBe(`${expected}\n`);
});
