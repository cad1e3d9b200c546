/** One text, and the events that are in it; an error where nothing is. */
export interface ParserCase {
  type: string;
  /** Parameters of `<parse>`. */
  params: string;
  text: string;
  /** Time and record; 'now' where the text has none. Times without a year are of 2026. */
  events: [time: [seconds: number, nanoseconds: number] | 'now', record: unknown][];
  error?: string;
}

/** What Fluentd documents for each of its parsers, in UTC. `$time` and `$big` stand for an EventTime and a bigint. */
export const parserCases: ParserCase[] = [
  {
    type: 'json',
    params: '',
    text: '{"a":1,"b":"x","c":[1,{"d":null}],"e":1.5,"f":true}',
    events: [['now', { a: 1, b: 'x', c: [1, { d: null }], e: 1.5, f: true }]],
  },
  {
    type: 'json',
    params: '',
    text: '{"time":1362020400,"host":"192.168.0.1"}',
    events: [[[1362020400, 0], { host: '192.168.0.1' }]],
  },
  {
    type: 'json',
    params: '',
    text: '{"time":1362020400.123456789,"n":1}',
    events: [[[1362020400, 123456700], { n: 1 }]],
  },
  {
    type: 'json',
    params: '',
    text: '{"time":"1362020400.5","n":1}',
    events: [[[1362020400, 500000000], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'keep_time_key true',
    text: '{"time":1362020400,"n":1}',
    events: [[[1362020400, 0], { time: 1362020400, n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_key at\ntime_format %d/%b/%Y:%H:%M:%S %z',
    text: '{"at":"28/Feb/2013:12:00:00 +0900","n":1}',
    events: [[[1362020400, 0], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_type unixtime',
    text: '{"time":"1362020400","n":1}',
    events: [[[1362020400, 0], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_type string\ntime_format %iso8601',
    text: '{"time":"2013-02-28T12:00:00.25+09:00","n":1}',
    events: [[[1362020400, 250000000], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_type string',
    text: '{"time":"2013-02-28T12:00:00+09:00","n":1}',
    events: [[[1362020400, 0], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_type mixed\ntime_format unixtime\ntime_format_fallbacks %iso8601',
    text: '{"time":"2013-02-28T12:00:00+09:00","n":1}',
    events: [[[1362020400, 0], { n: 1 }]],
  },
  {
    type: 'json',
    params: 'time_type mixed\ntime_format unixtime\ntime_format_fallbacks %iso8601',
    text: '{"time":"1362020400","n":1}',
    events: [[[1362020400, 0], { n: 1 }]],
  },
  {
    type: 'json',
    params: '',
    text: '[{"time":1,"a":1},{"time":2,"a":2}]',
    events: [
      [[1, 0], { a: 1 }],
      [[2, 0], { a: 2 }],
    ],
  },
  {
    type: 'json',
    params: '',
    text: '{"time":1,"big":9007199254740993,"neg":-9223372036854775808,"text":"12345678901234567890"}',
    events: [
      [
        [1, 0],
        {
          big: { $big: '9007199254740993' },
          neg: { $big: '-9223372036854775808' },
          text: '12345678901234567890',
        },
      ],
    ],
  },
  {
    type: 'json',
    params: 'types a:string,b:integer,c:float,d:bool,e:array',
    text: '{"time":1,"a":1,"b":"12abc","c":"1.5x","d":"YES","e":"a,b,,"}',
    events: [[[1, 0], { a: '1', b: 12, c: 1.5, d: true, e: ['a', 'b'] }]],
  },
  {
    type: 'json',
    params: 'null_value_pattern /^(?:-|null)$/',
    text: '{"time":1,"a":"-","b":"null","c":"x","d":""}',
    events: [[[1, 0], { a: null, b: null, c: 'x', d: '' }]],
  },
  {
    type: 'json',
    params: 'null_empty_string true',
    text: '{"time":1,"a":"","b":" "}',
    events: [[[1, 0], { a: null, b: ' ' }]],
  },
  { type: 'json', params: '', text: '{"time":1,"é":"日本"}', events: [[[1, 0], { é: '日本' }]] },
  { type: 'json', params: '', text: 'no json', events: [], error: 'json: no JSON' },
  { type: 'json', params: '', text: '"text"', events: [], error: 'json: no JSON object' },
  { type: 'none', params: '', text: 'hello world', events: [['now', { message: 'hello world' }]] },
  { type: 'none', params: 'message_key log', text: 'hello', events: [['now', { log: 'hello' }]] },
  {
    type: 'regexp',
    params: 'expression /^(?<host>[^ ]*) (?<code>\\d+)(?: (?<rest>.*))?$/\ntypes code:integer',
    text: 'example 200',
    events: [['now', { host: 'example', code: 200 }]],
  },
  {
    type: 'regexp',
    params:
      'expression /^(?<time>[^ ]+ [^ ]+) (?<msg>.*)$/\ntime_format %Y-%m-%d %H:%M:%S\nutc true',
    text: '2013-02-28 12:00:00 hi there',
    events: [[[1362052800, 0], { msg: 'hi there' }]],
  },
  {
    type: 'regexp',
    params:
      'expression /^(?<time>[^ ]+ [^ ]+) (?<msg>.*)$/\ntime_format %Y-%m-%d %H:%M:%S\ntimezone +09:00',
    text: '2013-02-28 12:00:00 hi there',
    events: [[[1362020400, 0], { msg: 'hi there' }]],
  },
  {
    type: 'regexp',
    params:
      'expression /^(?<time>[^ ]+ [^ ]+) (?<msg>.*)$/\ntime_format %Y-%m-%d %H:%M:%S.%N\ntimezone Asia/Tokyo',
    text: '2013-02-28 12:00:00.000123 hi there',
    events: [[[1362020400, 123000], { msg: 'hi there' }]],
  },
  {
    type: 'regexp',
    params: 'expression /^(?<time>[^ ]+) (?<msg>.*)$/\ntime_format %s',
    text: '1362020400 x',
    events: [[[1362020400, 0], { msg: 'x' }]],
  },
  {
    type: 'regexp',
    params: 'expression /^(?<a>HI) (?<b>.*)$/i\ntime_key t',
    text: 'hi there',
    events: [['now', { a: 'hi', b: 'there' }]],
  },
  {
    type: 'regexp',
    params: 'expression /^(?<a>x+)$/',
    text: 'yyy',
    events: [],
    error: 'regexp: pattern not matched',
  },
  {
    type: 'regexp',
    params:
      'expression /^(?<time>.*)\\|(?<at>.*)$/\ntime_format %d/%b/%Y:%H:%M:%S %z\ntypes at:time:%Y-%m-%d %H:%M:%S %z',
    text: '28/Feb/2013:12:00:00 +0900|2013-03-01 00:00:00 +0000',
    events: [[[1362020400, 0], { at: { $time: [1362096000, 0] } }]],
  },
  {
    type: 'ltsv',
    params: '',
    text: 'time:2013-02-28T12:00:00+09:00\thost:192.168.0.1\treq_id:111\tempty:\tno label',
    events: [[[1362020400, 0], { host: '192.168.0.1', req_id: '111', empty: '' }]],
  },
  {
    type: 'ltsv',
    params: 'delimiter ,\nlabel_delimiter =',
    text: 'time=2013-02-28 12:00:00 +0900,host=a:b,x=1=2',
    events: [[[1362020400, 0], { host: 'a:b', x: '1=2' }]],
  },
  {
    type: 'ltsv',
    params: 'delimiter_pattern /\\s+/\nlabel_delimiter =\ntypes severity:integer',
    text: 'time=2013-02-28T03:00:00Z severity=3  msg=ok',
    events: [[[1362020400, 0], { severity: 3, msg: 'ok' }]],
  },
  {
    type: 'tsv',
    params: 'keys time,host,msg\ntime_key time',
    text: '2013-02-28 12:00:00 +0900\t192.168.0.1\ta\tb',
    events: [[[1362020400, 0], { host: '192.168.0.1', msg: 'a\tb' }]],
  },
  {
    type: 'tsv',
    params: 'keys a,b,c',
    text: '1\t2',
    events: [['now', { a: '1', b: '2', c: null }]],
  },
  {
    type: 'csv',
    params: 'keys time,host,msg\ntime_key time',
    text: '2013-02-28 12:00:00 +0900,192.168.0.1,"a, ""b"""',
    events: [[[1362020400, 0], { host: '192.168.0.1', msg: 'a, "b"' }]],
  },
  {
    type: 'csv',
    params: 'keys a,b,c',
    text: '1,,""',
    events: [['now', { a: '1', b: null, c: '' }]],
  },
  { type: 'csv', params: 'keys a,b', text: '1,2,3', events: [['now', { a: '1', b: '2' }]] },
  {
    type: 'csv',
    params: 'keys a,b,c\ndelimiter ;',
    text: '1;"2;3";4',
    events: [['now', { a: '1', b: '2;3', c: '4' }]],
  },
  { type: 'csv', params: 'keys a,b', text: '1,"2', events: [], error: 'csv: not CSV' },
  { type: 'csv', params: 'keys a,b', text: '1,x"2', events: [], error: 'csv: not CSV' },
  {
    type: 'csv',
    params: 'keys a,b,c\nparser_engine fast',
    text: '1,"x,y","a""b""c"',
    events: [['now', { a: '1', b: 'x,y', c: 'a"b"c' }]],
  },
  {
    type: 'csv',
    params: 'keys a,b,c\nparser_engine fast',
    text: '1,,3',
    events: [['now', { a: '1', b: null, c: '3' }]],
  },
  {
    type: 'csv',
    params: 'keys a,b,c\nparser_engine fast',
    text: '1,"2',
    events: [['now', { a: '1', b: '' }]],
  },
  {
    type: 'csv',
    params: 'keys a,b,c\nparser_engine fast',
    text: '1,x"y,3',
    events: [['now', { a: '1', b: 'x"y', c: '3' }]],
  },
  {
    type: 'apache',
    params: '',
    text: '192.168.0.1 - bob [28/Feb/2013:12:00:00 +0900] "GET /ab HTTP/1.1" 304 - "http://x/" "Opera/12.0"',
    events: [
      [
        [1362020400, 0],
        {
          host: '192.168.0.1',
          user: 'bob',
          method: 'GET',
          path: '/ab',
          code: '304',
          size: '-',
          referer: 'http://x/',
          agent: 'Opera/12.0',
        },
      ],
    ],
  },
  {
    type: 'apache2',
    params: '',
    text: '192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777',
    events: [
      [
        [1362020400, 0],
        {
          host: '192.168.0.1',
          user: null,
          method: 'GET',
          path: '/',
          code: 200,
          size: 777,
          referer: null,
          agent: null,
        },
      ],
    ],
  },
  {
    type: 'apache2',
    params: '',
    text: '192.168.0.1 - bob [28/Feb/2013:12:00:00 +0900] "GET /a b HTTP/1.1" 304 - "http://x/" "Opera/12.0"',
    events: [
      [
        [1362020400, 0],
        {
          host: '192.168.0.1',
          user: 'bob',
          method: 'GET',
          path: '/a b',
          code: 304,
          size: null,
          referer: 'http://x/',
          agent: 'Opera/12.0',
        },
      ],
    ],
  },
  {
    type: 'apache2',
    params: 'keep_time_key true',
    text: '192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "-"',
    events: [
      [
        [1362020400, 0],
        {
          host: '192.168.0.1',
          user: null,
          method: 'GET',
          path: '/',
          code: 200,
          size: 777,
          referer: null,
          agent: null,
          time: '28/Feb/2013:12:00:00 +0900',
        },
      ],
    ],
  },
  {
    type: 'apache2',
    params: '',
    text: '192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "-" 408 -',
    events: [
      [
        [1362020400, 0],
        {
          host: '192.168.0.1',
          user: null,
          method: '-',
          path: null,
          code: 408,
          size: null,
          referer: null,
          agent: null,
        },
      ],
    ],
  },
  {
    type: 'apache2',
    params: '',
    text: 'nothing',
    events: [],
    error: 'apache2: pattern not matched',
  },
  {
    type: 'apache2',
    params: '',
    text: '192.168.0.1 - - [yesterday] "GET / HTTP/1.1" 200 777',
    events: [],
    error: 'apache2: invalid time: the time is not of the format %d/%b/%Y:%H:%M:%S %z',
  },
  {
    type: 'apache_error',
    params: '',
    text: '[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration',
    events: [
      [
        [971274772, 0],
        { level: 'error', client: '127.0.0.1', message: 'client denied by server configuration' },
      ],
    ],
  },
  {
    type: 'apache_error',
    params: '',
    text: '[Tue Feb 28 12:00:00.123456 2012] [core:notice] [pid 1234] started',
    events: [[[1330430400, 123456000], { level: 'core:notice', pid: '1234', message: 'started' }]],
  },
  {
    type: 'nginx',
    params: '',
    text: '127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0"',
    events: [
      [
        [1362020400, 0],
        {
          remote: '127.0.0.1',
          host: '192.168.0.1',
          user: '-',
          method: 'GET',
          path: '/',
          code: '200',
          size: '777',
          referer: '-',
          agent: 'Opera/12.0',
        },
      ],
    ],
  },
  {
    type: 'nginx',
    params: '',
    text: '127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET /?a=b HTTP/1.1" 200 777 "-" "Opera/12.0" "10.0.0.1"',
    events: [
      [
        [1362020400, 0],
        {
          remote: '127.0.0.1',
          host: '192.168.0.1',
          user: '-',
          method: 'GET',
          path: '/?a=b',
          code: '200',
          size: '777',
          referer: '-',
          agent: 'Opera/12.0',
          http_x_forwarded_for: '10.0.0.1',
        },
      ],
    ],
  },
  {
    type: 'nginx',
    params: 'types code:integer,size:integer',
    text: '127.0.0.1 - bob [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777',
    events: [
      [
        [1362020400, 0],
        {
          remote: '127.0.0.1',
          host: '-',
          user: 'bob',
          method: 'GET',
          path: '/',
          code: 200,
          size: 777,
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: '',
    text: 'Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] Syslog test',
    events: [
      [
        [1772280000, 0],
        { host: '192.168.0.1', ident: 'fluentd', pid: '11111', message: '[error] Syslog test' },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'keep_time_key true',
    text: 'Feb  8 12:00:00 host su: pam: x',
    events: [
      [[1770552000, 0], { time: 'Feb 8 12:00:00', host: 'host', ident: 'su', message: 'pam: x' }],
    ],
  },
  {
    type: 'syslog',
    params: '',
    text: 'Feb 28 12:00:00 host kernel: something with: colons',
    events: [
      [[1772280000, 0], { host: 'host', ident: 'kernel', message: 'something with: colons' }],
    ],
  },
  {
    type: 'syslog',
    params: '',
    text: 'Feb 28 12:00:00 host message without a colon',
    events: [[[1772280000, 0], { host: 'host', ident: 'message', message: 'without a colon' }]],
  },
  {
    type: 'syslog',
    params: 'with_priority true',
    text: '<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: hi',
    events: [
      [
        [1772280000, 0],
        { pri: 6, host: '192.168.0.1', ident: 'fluentd', pid: '11111', message: 'hi' },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'with_priority true',
    text: 'Feb 28 12:00:00 192.168.0.1 fluentd[11111]: hi',
    events: [],
    error: 'syslog: pattern not matched',
  },
  {
    type: 'syslog',
    params: 'time_format %b %d %M:%S:%H',
    text: 'Feb 28 00:00:12 192.168.0.1 fluentd[11111]: hi',
    events: [
      [[1772280000, 0], { host: '192.168.0.1', ident: 'fluentd', pid: '11111', message: 'hi' }],
    ],
  },
  { type: 'syslog', params: '', text: 'nothing', events: [], error: 'syslog: pattern not matched' },
  {
    type: 'syslog',
    params: 'message_format rfc5424\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd - - - Hi!',
    events: [
      [
        [1486386855, 3000000],
        {
          pri: 16,
          host: '192.168.0.1',
          ident: 'fluentd',
          pid: '-',
          msgid: '-',
          extradata: '-',
          message: 'Hi!',
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'message_format rfc5424\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd 11111 ID24224 [exampleSDID@20224 iut="3" eventSource="Application" eventID="11211"][x@1 a="\\]"] Hi, from Fluentd!',
    events: [
      [
        [1486386855, 3000000],
        {
          pri: 16,
          host: '192.168.0.1',
          ident: 'fluentd',
          pid: '11111',
          msgid: 'ID24224',
          extradata:
            '[exampleSDID@20224 iut="3" eventSource="Application" eventID="11211"][x@1 a="\\]"]',
          message: 'Hi, from Fluentd!',
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'message_format rfc5424\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15Z 192.168.0.1 fluentd - - -',
    events: [
      [
        [1486386855, 0],
        { pri: 16, host: '192.168.0.1', ident: 'fluentd', pid: '-', msgid: '-', extradata: '-' },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'message_format rfc5424\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15.003+09:00 h a 1 - - multi\nline\n',
    events: [
      [
        [1486354455, 3000000],
        {
          pri: 16,
          host: 'h',
          ident: 'a',
          pid: '1',
          msgid: '-',
          extradata: '-',
          message: 'multi\nline',
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'message_format auto\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd - - - Hi!',
    events: [
      [
        [1486386855, 3000000],
        {
          pri: 16,
          host: '192.168.0.1',
          ident: 'fluentd',
          pid: '-',
          msgid: '-',
          extradata: '-',
          message: 'Hi!',
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'message_format auto\nwith_priority true',
    text: '<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] Syslog test',
    events: [
      [
        [1772280000, 0],
        {
          pri: 6,
          host: '192.168.0.1',
          ident: 'fluentd',
          pid: '11111',
          message: '[error] Syslog test',
        },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'parser_engine string\nwith_priority true',
    text: '<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: hi',
    events: [
      [
        [1772280000, 0],
        { host: '192.168.0.1', pri: 6, ident: 'fluentd', pid: '11111', message: 'hi' },
      ],
    ],
  },
  {
    type: 'syslog',
    params: 'parser_engine string',
    text: 'Feb 28 12:00:00 192.168.0.1 cron hi there',
    events: [[[1772280000, 0], { host: '192.168.0.1', ident: 'cron', message: 'hi there' }]],
  },
  {
    type: 'syslog',
    params: 'parser_engine string\nsupport_colonless_ident false',
    text: 'Feb 28 12:00:00 192.168.0.1 cron hi there',
    events: [[[1772280000, 0], { host: '192.168.0.1', message: 'cron hi there' }]],
  },
  {
    type: 'syslog',
    params: 'parser_engine string\nmessage_format rfc5424\nwith_priority true',
    text: '<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd 11111 ID24224 [exampleSDID@20224 iut="3"] Hi!',
    events: [
      [
        [1486386855, 3000000],
        {
          host: '192.168.0.1',
          ident: 'fluentd',
          pid: '11111',
          msgid: 'ID24224',
          pri: 16,
          extradata: '[exampleSDID@20224 iut="3"]',
          message: 'Hi!',
        },
      ],
    ],
  },
  {
    type: 'multiline',
    params:
      'format1 /^(?<time>\\d{4}-\\d{1,2}-\\d{1,2} \\d{1,2}:\\d{1,2}:\\d{1,2}) \\[(?<thread>.*)\\] (?<level>[^\\s]+)(?<message>.*)/\ntime_format %Y-%m-%d %H:%M:%S',
    text: '2013-3-03 14:27:33 [main] INFO  Main - Start\n  at x',
    events: [
      [[1362320853, 0], { thread: 'main', level: 'INFO', message: '  Main - Start\n  at x' }],
    ],
  },
  {
    type: 'multiline',
    params: 'format1 /^(?<a>\\w+): /\nformat2 /(?<b>[^\\n]*)/',
    text: 'one: 1\ntwo: 2',
    events: [
      ['now', { a: 'one', b: '1' }],
      ['now', { a: 'two', b: '2' }],
    ],
  },
  {
    type: 'multiline',
    params: 'format1 /^(?<a>\\w+): /\nformat2 /(?<b>[^\\n]*)/\nunmatched_lines true',
    text: '== none',
    events: [['now', { unmatched_line: '== none' }]],
  },
  {
    type: 'multiline',
    params: 'format1 /^(?<a>\\w+): x/',
    text: '== none',
    events: [],
    error: 'multiline: pattern not matched',
  },
];
