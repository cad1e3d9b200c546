import type { PluginKind } from '@sluice/plugin';

/** A difference on purpose between a plugin and Fluentd's of that name. */
export interface Difference {
  /** Which section may name the plugins. */
  readonly kind: PluginKind;
  /** All plugins that it is about. */
  readonly types: readonly string[];
  /** What differs, as a sentence or two. */
  readonly text: string;
  /** Only where the section has one of these parameters or sections. Default: always. */
  readonly where?: readonly string[];
}

/** What differs, plugin by plugin. `docs/coming-from-fluentd.md` has the same, held by a test. */
export const differences: readonly Difference[] = [
  {
    kind: 'input',
    types: ['forward'],
    text: 'a chunk is acknowledged when its outputs have it, not when it is in a buffer in memory; connections, unfinished messages and bytes in flight are limited',
  },
  {
    kind: 'input',
    types: ['tcp'],
    text: 'a text beyond message_length_limit, 16 MiB by default, is left out; Fluentd has no limit',
  },
  {
    kind: 'input',
    types: ['http'],
    text: 'a request of which something cannot be read, or whose Content-Encoding is unknown, is refused as a whole; Fluentd leaves that out, or takes it as it is. A time in milliseconds is understood',
  },
  {
    kind: 'input',
    types: ['monitor_agent'],
    text: 'it also has a status page and metrics; the numbers of Ruby are left out',
  },
  {
    kind: 'filter',
    types: ['parser'],
    text: 'with reserve_data, an event whose time cannot be read goes on as it came, and to @ERROR; in Fluentd only to @ERROR',
    where: ['reserve_data'],
  },
  {
    kind: 'filter',
    types: ['record_transformer'],
    text: 'expressions are interpreted and not run as Ruby; what is not understood is refused when the file is read',
    where: ['enable_ruby'],
  },
  {
    kind: 'filter',
    types: ['record_transformer'],
    text: 'a time in renew_time_key that is not a number sends the event to @ERROR, where Fluentd takes 0; a text keeps all digits of its fraction',
    where: ['renew_time_key'],
  },
  {
    kind: 'output',
    types: ['file'],
    text: 'events go into the file at once where <buffer> has nothing but chunk keys, timekey and a zone; any other parameter puts a buffer before the file, which keeps the order of events of each tag, but not across tags',
  },
  {
    kind: 'output',
    types: ['file'],
    text: 'the link leads to the file that grows, not to a chunk of the buffer',
    where: ['symlink_path'],
  },
  {
    kind: 'output',
    types: ['http'],
    text: 'HTTP_PROXY in the environment is not looked at, and proxy and aws_sigv4 are refused; what a sender has chosen is encoded in the URL. Without a <buffer> requests are made at once',
  },
  {
    kind: 'output',
    types: ['roundrobin'],
    text: 'by weights, turns are mixed in a fixed order; in Fluentd in a random one',
  },
  {
    kind: 'chunk_store',
    types: ['file', 'file_single'],
    text: 'chunks are in a format of their own: those that Fluentd has left are not read, and Fluentd does not read these',
  },
  {
    kind: 'formatter',
    types: ['json', 'out_file', 'stdout'],
    text: 'NaN and infinite numbers are null, bytes that are not UTF-8 become U+FFFD (Fluentd drops such events), and times inside of records are ISO 8601',
  },
  {
    kind: 'formatter',
    types: ['out_file'],
    text: 'time_type float has all nine digits; Fluentd loses zeros at the beginning of a fraction',
    where: ['time_type'],
  },
  {
    kind: 'formatter',
    types: ['csv', 'hash', 'json', 'ltsv', 'out_file', 'single_value', 'stdout', 'tsv'],
    text: 'a whole float beyond 32 bits has no fraction, since JavaScript sends large integers so',
  },
  {
    kind: 'formatter',
    types: ['out_file', 'stdout'],
    text: 'control characters in a tag are escaped',
  },
  {
    kind: 'parser',
    types: ['regexp', 'multiline'],
    text: 'regular expressions are those of JavaScript: atomic groups, possessive quantifiers, recursion, \\p{…} and (?i) inside are refused, [[:alpha:]] and its like are ASCII, and what goes back and forth for long has no time limit without timeout',
  },
  {
    kind: 'parser',
    types: ['json'],
    text: 'comments and escapes that JSON does not have, such as \\x, are mistakes, and integers beyond 64 bits become floats',
  },
  {
    kind: 'parser',
    types: ['csv', 'json', 'ltsv', 'multiline', 'regexp', 'tsv'],
    text: '%Z knows names such as JST and CET, and one that is unknown is a mistake; Fluentd knows few beside those of the United States, and takes others for the local zone. timezone takes UTC, too',
    where: ['time_format'],
  },
  {
    kind: 'parser',
    types: ['json'],
    text: 'json_parser and stream_buffer_size make no difference',
    where: ['json_parser', 'stream_buffer_size'],
  },
];

/** Differences that are not of one plugin. */
export const generalDifferences: readonly string[] = [
  'An event is acknowledged when the output has written it, or its buffer has it in a file.',
  'Plugins are npm packages: `@type NAME` is looked for as `sluice-plugin-NAME`, and gems are not loaded.',
  'Ruby in `"#{…}"` and `${…}` is interpreted, never run; what is not understood is an error with its place.',
  '`<match **>` does not take lines of the agent itself: these need `<label @FLUENT_LOG>` or `fluent.` tags.',
  '`--daemon` is refused: a service manager keeps the agent.',
  'Buffers that Fluentd has left on disk are not read.',
];

/** A plugin of Fluentd itself that Sluice does not have. */
export interface AbsentPlugin {
  /** Which section may name it. */
  readonly kind: PluginKind;
  /** Its `@type`, and its other names. */
  readonly types: readonly string[];
  /** What to do instead. */
  readonly instead: string;
}

/** What Fluentd has and nobody has made for Sluice; a plugin of that name counts before this. */
export const absentPlugins: readonly AbsentPlugin[] = [
  {
    kind: 'input',
    types: ['tail'],
    instead: 'let Fluentd or Fluent Bit read the files, and send them here by forward',
  },
  {
    kind: 'input',
    types: ['exec'],
    instead: 'let a timer run the command, and pipe its lines into sluice cat or the input tcp',
  },
  {
    kind: 'input',
    types: ['debug_agent', 'gc_stat', 'object_space'],
    instead:
      'leave it out: it looks into Ruby; for Node there is node --inspect, and monitor_agent',
  },
  {
    kind: 'input',
    types: ['windows_eventlog', 'windows_eventlog2'],
    instead: 'let Fluent Bit read the event log, and send it here by forward',
  },
  {
    kind: 'output',
    types: ['exec', 'exec_filter'],
    instead: 'write a plugin, or let the program be a client: sluice cat, the input tcp',
  },
  { kind: 'output', types: ['buffer'], instead: 'give the output its own <buffer>' },
  { kind: 'output', types: ['stream', 'unix'], instead: 'use the output forward' },
];
