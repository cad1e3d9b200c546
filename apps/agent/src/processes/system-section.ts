import { defineSection, t } from '@sluice/config';
import { logLevels } from '@sluice/log/levels';

const log = defineSection({
  name: 'log',
  description: 'How the log looks.',
  params: {
    format: t.enum(['text', 'json']).optional().describe('text, or one JSON object a line'),
    timeFormat: t
      .string()
      .optional()
      .describe('strftime format of the time in text (default: %Y-%m-%d %H:%M:%S %z)'),
    rotateAge: t.string().optional().describe('No effect: the log goes to standard error'),
    rotateSize: t.size().optional().describe('No effect: the log goes to standard error'),
    forcedStacktraceLevel: t.string().optional().describe('No effect: there are no stack traces'),
  },
});

const switchOf = (text: string) => t.bool().default(false).describe(text);

/** What cannot be had here, by its key in code, with the reason. */
export const refusedParams: Readonly<Record<string, string>> = {
  withSourceOnly: 'there is no buffer for sources alone',
};

/** What tunes Fluentd's own works, or is always so here: accepted, with a warning. */
export const idleParams: Readonly<Record<string, string>> = {
  suppressRepeatedStacktrace: 'there are no stack traces',
  suppressConfigDump: 'the configuration is not logged; use sluice config show',
  logEventVerbose: 'the log has no more of events',
  enableMsgpackTimeSupport: 'times always have nanoseconds',
  restartWorkerInterval: 'a crashed worker is started again at once, then with growing delays',
  disableSharedSocket: 'listening sockets are shared by the primary process',
  strictConfigValue: 'values are always checked strictly',
  enableInputMetrics: 'events are always counted',
  enableSizeMetrics: 'bytes are always counted',
  enableJit: 'there is no Ruby',
  configIncludeDir: 'use @include',
  filePermission: 'outputs that make files have their own file_permission',
  dirPermission: 'outputs that make folders have their own dir_permission',
};

const endpointHint = 'write host:port with 127.0.0.1, [::1] or localhost, such as 127.0.0.1:24444';

/** Host and port of `rpc_endpoint`; undefined where it is not both. */
export function endpointOf(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<plain>[0-9A-Za-z.-]+)):(?<port>\d{1,5})$/.exec(
    text,
  );
  const { v6, plain, port: digits } = (match?.groups ?? {}) as Record<string, string | undefined>;
  const host = v6 ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host: loopbackOf[host] ?? host, port };
}

/** What Fluentd's examples write: all addresses, of which this machine's own is enough. */
const loopbackOf: Readonly<Record<string, string | undefined>> = {
  '0.0.0.0': '127.0.0.1',
  '::': '::1',
};

function endpointProblem(text: string): string | undefined {
  const endpoint = endpointOf(text);
  if (endpoint === undefined) return `expected host:port, not "${text}"`;
  const { host } = endpoint;
  if (host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return undefined;
  return `anybody who reaches ${host} could stop the agent: only loopback addresses are possible`;
}

/** `<system>`: settings of the whole agent. */
export const systemSection = defineSection({
  name: 'system',
  description: 'Settings of the whole agent.',
  params: {
    workers: t
      .integer({ min: 1, max: 256 })
      .default(1)
      .describe('How many processes share the work'),
    logLevel: t
      .enum(logLevels)
      .optional()
      .describe('The least level that is logged (default: info)'),
    ignoreSameLogInterval: t
      .time()
      .optional()
      .describe('Seconds in which a line that is the same as one before is only counted'),
    ignoreRepeatedLogInterval: t
      .time()
      .optional()
      .describe("Fluentd's name for the same of lines that follow each other"),
    emitErrorLogInterval: t
      .time()
      .optional()
      .describe('Seconds between two lines about events that no output has kept (default: 0)'),
    withoutSource: switchOf('Leave all <source> sections out'),
    processName: t.string().optional().describe('What ps shows the worker processes as'),
    filePermission: t.string().optional().describe('No effect'),
    dirPermission: t.string().optional().describe('No effect'),
    rpcEndpoint: t
      .string()
      .optional()
      .describe(
        'host:port of calls over HTTP, on a loopback address: /api/config.reload and so on',
      ),
    enableGetDump: switchOf(
      'Have /api/config.getDump answer with the configuration, secrets masked',
    ),
    withSourceOnly: switchOf('Not supported'),
    rootDir: t
      .string()
      .optional()
      .describe('Folder of file buffers that name no path and whose output has an @id: ID/buffer'),
    suppressRepeatedStacktrace: t.bool().optional().describe('No effect'),
    suppressConfigDump: t.bool().optional().describe('No effect'),
    logEventVerbose: t.bool().optional().describe('No effect'),
    enableMsgpackTimeSupport: t.bool().optional().describe('No effect'),
    restartWorkerInterval: t.time().optional().describe('No effect'),
    disableSharedSocket: t.bool().optional().describe('No effect'),
    strictConfigValue: t.bool().optional().describe('No effect'),
    enableInputMetrics: t.bool().optional().describe('No effect'),
    enableSizeMetrics: t.bool().optional().describe('No effect'),
    enableJit: t.bool().optional().describe('No effect'),
    configIncludeDir: t.string().optional().describe('No effect'),
  },
  sections: {
    log: { section: log, init: true },
    metrics: { raw: 'metrics', description: 'Not supported' },
    counterServer: { raw: 'counter_server', description: 'Not supported' },
    counterClient: { raw: 'counter_client', description: 'Not supported' },
    sourceOnlyBuffer: { raw: 'source_only_buffer', description: 'Not supported' },
  },
  check: (value, { element, error, log: reader }) => {
    const { rpcEndpoint } = value;
    if (rpcEndpoint !== undefined) {
      if (/^(?:0\.0\.0\.0|\[::\]):/.test(rpcEndpoint)) {
        reader?.warn(
          { parameter: 'rpc_endpoint' },
          'rpc_endpoint is served on the loopback address only: anybody else could stop the agent',
        );
      }
      const problem = endpointProblem(rpcEndpoint);
      if (problem !== undefined)
        throw error('rpcEndpoint', `rpc_endpoint: ${problem}`, endpointHint);
    }
    for (const [key, instead] of Object.entries(refusedParams)) {
      const given = value[key as keyof typeof value];
      if (given === undefined || given === false || given === '') continue;
      throw error(key, `${snakeCase(key)} is not supported`, instead);
    }
    const [section] = element.children(
      'metrics',
      'counter_server',
      'counter_client',
      'source_only_buffer',
    );
    if ((section as typeof section | undefined) === undefined) return;
    throw section.error(`${section.tag} is not supported`, {
      code: 'ERR_SLUICE_CONFIG_SECTION',
      hint: 'remove it; statistics are served by the input monitor_agent',
    });
  },
});

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
