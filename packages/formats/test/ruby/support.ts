import { localOffset } from '../../src/index.js';
import { parseJson, RubyTime, type Value } from '../../src/ruby/index.js';

export const recordText =
  '{"a":"x","s":"Hello","n":5,"f":1.5,"big":12345678901234567890,"numstr":"42.5","pad":"  x  ",' +
  '"csv":"a,b,c","empty":"","deep":{"x":{"y":1.0},"z":null},"list":[1,2,3],"uni":"héllo😀",' +
  '"json":"{\\"k\\":[1]}","url":"http://ex.com/p/q","nope2":null}';

/** What the names of an event stand for, as in `${…}`. */
export function namesOf(record = parseJson(recordText)): (name: string) => Value {
  const names: Record<string, Value> = {
    tag: 'app.web.1',
    time: new RubyTime(1_700_000_000, 123_456_789, localOffset),
    record,
    tag_parts: ['app', 'web', '1'],
    tag_prefix: ['app', 'app.web', 'app.web.1'],
    tag_suffix: ['app.web.1', 'web.1', '1'],
    hostname: 'h',
  };
  return (name) => names[name];
}
