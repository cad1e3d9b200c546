import { shells, type CommandLine, type Flag } from '@sluice/cli-tools/command-line';
import { defaultConfigs } from './default-config.js';

const config = {
  name: 'config',
  short: 'c',
  value: 'FILE',
  completes: 'file',
  text: 'configuration file',
} as const satisfies Flag;
const plugin = {
  name: 'plugin',
  short: 'p',
  value: 'PATH|PACKAGE',
  completes: 'file',
  multiple: true,
  text: 'load a plugin; may be repeated',
} as const satisfies Flag;
const inline = {
  name: 'inline-config',
  short: 'i',
  value: 'TEXT',
  text: "append TEXT to the configuration file's",
} as const satisfies Flag;
const help = { name: 'help', short: 'h', text: 'print this help' } as const satisfies Flag;

export const pluginFlags = [
  plugin,
  { ...config, text: 'look for modules in the folder of FILE, too' },
  { name: 'json', text: 'as JSON' },
  help,
] as const satisfies readonly Flag[];

const chunk = {
  name: 'chunk',
  value: 'ID',
  text: 'only the chunk whose id begins so',
} as const satisfies Flag;

/** Where to send, and how: for `cat` and `bench`. */
const senderFlags = (command: string) =>
  [
    { name: 'host', value: 'HOST', text: 'default: 127.0.0.1' },
    { name: 'port', short: 'p', value: 'PORT', text: 'default: 24224' },
    {
      name: 'unix',
      short: 'u',
      value: 'PATH',
      completes: 'file',
      text: 'send to a Unix socket',
    },
    { name: 'tls', text: 'use TLS' },
    {
      name: 'ca',
      value: 'FILE',
      completes: 'file',
      text: "trust this CA (PEM) instead of the system's",
    },
    { name: 'insecure', text: "do not verify the server's certificate" },
    {
      name: 'cert',
      value: 'FILE',
      completes: 'file',
      text: 'client certificate (PEM), for servers that ask for one',
    },
    { name: 'key', value: 'FILE', completes: 'file', text: 'its private key (PEM)' },
    { name: 'shared-key', value: 'KEY', text: 'shared key, for servers with <security>' },
    {
      name: 'self-hostname',
      value: 'NAME',
      text: `own name in the handshake (default: sluice-${command}.HOSTNAME)`,
    },
    { name: 'user', value: 'NAME', text: 'user name, for servers with user_auth' },
    { name: 'password', value: 'PASSWORD', text: 'password of that user' },
    { name: 'no-ack', text: 'do not wait until the server has the events' },
  ] as const satisfies readonly Flag[];

const plain = {
  name: 'plain',
  text: 'lines instead of a view, as without a terminal',
} as const satisfies Flag;

export const runFlags = [
  { ...config, text: `configuration file (default: ${defaultConfigs.join(', ')})` },
  plugin,
  { name: 'dry-run', text: 'check the configuration and exit' },
  { name: 'strict', text: 'refuse a configuration that gives warnings' },
  { name: 'verbose', short: 'v', multiple: true, text: 'more log: once is debug, twice is trace' },
  { name: 'quiet', short: 'q', multiple: true, text: 'less log: once is warn, twice is error' },
  {
    name: 'log-format',
    value: 'FORMAT',
    completes: ['text', 'json'],
    text: 'text or json (default: text)',
  },
  {
    name: 'workers',
    short: 'w',
    value: 'N',
    text: 'so many worker processes, whatever <system> says',
  },
  inline,
  {
    name: 'pid-file',
    value: 'FILE',
    completes: 'file',
    text: "write the process's number to FILE",
  },
  { name: 'umask', value: 'MODE', text: 'octal, such as 027' },
  { name: 'no-supervisor', text: 'one process that does everything, and cannot reload' },
  help,
  { name: 'version', text: 'print the version' },
  // Understood, to say what is done instead.
  { name: 'daemon', short: 'd', value: 'FILE', text: '' },
  { ...plain, text: '' },
] as const satisfies readonly Flag[];

export const checkFlags = [
  plugin,
  {
    name: 'format',
    value: 'FORMAT',
    completes: ['text', 'json'],
    text: 'text or json (default: text)',
  },
  help,
] as const satisfies readonly Flag[];

export const configShowFlags = [
  config,
  plugin,
  inline,
  { name: 'worker-id', value: 'N', text: 'as worker N reads it (default: 0)' },
  { name: 'no-defaults', text: 'leave out parameters that are not in the file' },
  { name: 'show-secrets', text: 'do not mask secrets' },
  help,
] as const satisfies readonly Flag[];

export const bufferListFlags = [
  { name: 'json', text: 'as JSON, a line for each chunk' },
  help,
] as const satisfies readonly Flag[];

export const bufferShowFlags = [
  chunk,
  { name: 'events', value: 'N', text: 'so many events of each chunk (default: 10)' },
  help,
] as const satisfies readonly Flag[];

export const bufferExportFlags = [chunk, help] as const satisfies readonly Flag[];

export const catFlags = [...senderFlags('cat'), help] as const satisfies readonly Flag[];

export const playgroundFlags = [
  { name: 'port', short: 'p', value: 'PORT', text: 'default: 24224, or any that is free' },
  plain,
  help,
] as const satisfies readonly Flag[];

export const benchFlags = [
  ...senderFlags('bench'),
  { name: 'tag', short: 't', value: 'TAG', text: 'default: bench' },
  { name: 'seconds', short: 's', value: 'N', text: 'go on for so long (default: 10)' },
  { name: 'connections', short: 'n', value: 'N', text: 'side by side (default: 1)' },
  { name: 'rate', value: 'N', text: 'events per second (default: as many as are taken)' },
  { name: 'size', value: 'BYTES', text: 'text in each event (default: 200)' },
  { name: 'json', text: 'the result as JSON' },
  help,
] as const satisfies readonly Flag[];

export const topFlags = [
  { name: 'host', value: 'HOST', text: 'default: 127.0.0.1' },
  { name: 'port', short: 'p', value: 'PORT', text: 'default: 24220' },
  { name: 'interval', short: 'n', value: 'N', text: 'seconds between two looks (default: 1)' },
  { name: 'once', text: 'print it once, and exit' },
  plain,
  { name: 'json', text: 'a line of JSON for each look' },
  help,
] as const satisfies readonly Flag[];

export const completionFlags = [help] as const satisfies readonly Flag[];

/** The command line of sluice. */
export const commandLine: CommandLine = {
  program: 'sluice',
  commands: [
    {
      words: [],
      args: '[-c FILE]',
      text: 'run with a Fluentd configuration file',
      flags: runFlags,
    },
    {
      words: ['check'],
      args: 'FILE…',
      text: "tell what Fluentd's files need to run here",
      flags: checkFlags,
    },
    {
      words: ['config', 'show'],
      args: '-c FILE',
      text: 'print the configuration in effect, secrets masked',
      flags: configShowFlags,
    },
    {
      words: ['plugin', 'list'],
      args: '',
      text: 'list the plugins: kind, type, where from, version',
      flags: pluginFlags,
    },
    {
      words: ['plugin', 'show'],
      args: '[NAME]',
      text: 'print what plugins do, or the parameters of one',
      flags: pluginFlags,
    },
    {
      words: ['buffer', 'list'],
      args: '[--json] PATH',
      text: 'list the chunks that wait in a file buffer, or were set aside',
      flags: bufferListFlags,
      completes: 'file',
    },
    {
      words: ['buffer', 'show'],
      args: '[options] PATH',
      text: 'print what chunks are, with their first events',
      flags: bufferShowFlags,
      completes: 'file',
    },
    {
      words: ['buffer', 'export'],
      args: '[options] PATH',
      text: 'print every event that waits as a line of JSON',
      flags: bufferExportFlags,
      completes: 'file',
    },
    {
      words: ['cat'],
      args: '[options] TAG',
      text: 'send JSON lines from standard input to a forward port',
      flags: catFlags,
    },
    {
      words: ['playground'],
      args: '[options]',
      text: 'show what comes in; also without a configuration',
      flags: playgroundFlags,
    },
    {
      words: ['bench'],
      args: '[options]',
      text: 'send many events to a forward port, and measure',
      flags: benchFlags,
    },
    {
      words: ['top'],
      args: '[options]',
      text: 'show what a running agent does, from its monitor_agent',
      flags: topFlags,
    },
    {
      words: ['completion'],
      args: shells.join('|'),
      text: 'print what makes the shell complete words',
      flags: completionFlags,
      completes: shells,
    },
  ],
};
