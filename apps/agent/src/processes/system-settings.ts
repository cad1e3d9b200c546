import { elementOf, type ConfigElement, type ConfigLogger } from '@sluice/config';
import { compileStrftime, localOffset, StrftimeError } from '@sluice/formats';
import type { LogOptions } from '@sluice/log';
import { endpointOf, idleParams, snakeCase, systemSection } from './system-section.js';

/** What `<system>` says; goes through JSON. */
export interface SystemSettings {
  /** How many worker processes there are. */
  readonly workers: number;
  /** Only what is set. */
  readonly log: Pick<LogOptions, 'level' | 'format' | 'timeFormat' | 'repeatInterval'>;
  readonly withoutSource: boolean;
  /** Seconds. */
  readonly emitErrorLogInterval: number | undefined;
  readonly processName: string | undefined;
  /** Folder for what outputs with an `@id` store and name no path for. */
  readonly rootDir: string | undefined;
  /** Where calls over HTTP are served. */
  readonly rpc:
    { readonly host: string; readonly port: number; readonly getDump: boolean } | undefined;
}

/**
 * Reads `<system>`; all defaults where there is none.
 *
 * @param log takes warnings of what has no effect; none: they are not given
 * @throws ConfigError
 */
export function readSystem(root: ConfigElement, log?: ConfigLogger): SystemSettings {
  const [element, second] = root.children('system') as (ConfigElement | undefined)[];
  if (second !== undefined) {
    throw second.error('duplicate <system>', {
      code: 'ERR_SLUICE_CONFIG_SECTION',
      hint: `join it with the one in line ${element!.location.line}`,
    });
  }
  if (element === undefined) {
    return {
      workers: 1,
      log: {},
      withoutSource: false,
      emitErrorLogInterval: undefined,
      processName: undefined,
      rootDir: undefined,
      rpc: undefined,
    };
  }
  const value = systemSection.read(element, { log });
  const { log: look, logLevel } = value;
  for (const [key, reason] of Object.entries(idleParams)) {
    if (!element.params.has(snakeCase(key))) continue;
    log?.warn({ parameter: snakeCase(key) }, `${snakeCase(key)} has no effect: ${reason}`);
  }
  const logElement = elementOf(look) ?? element;
  for (const name of ['rotate_age', 'rotate_size', 'forced_stacktrace_level']) {
    if (logElement.params.has(name)) log?.warn({ parameter: name }, `${name} has no effect`);
  }
  if (look.timeFormat !== undefined) {
    try {
      compileStrftime(look.timeFormat, localOffset);
    } catch (error) {
      if (!(error instanceof StrftimeError)) throw error;
      throw logElement.error(error.message, { param: 'time_format' });
    }
  }
  const endpoint = value.rpcEndpoint === undefined ? undefined : endpointOf(value.rpcEndpoint);
  const repeatInterval = value.ignoreSameLogInterval ?? value.ignoreRepeatedLogInterval;
  return {
    workers: value.workers,
    log: {
      ...(logLevel !== undefined && { level: logLevel }),
      ...(look.format !== undefined && { format: look.format }),
      ...(look.timeFormat !== undefined && { timeFormat: look.timeFormat }),
      ...(repeatInterval !== undefined && { repeatInterval }),
    },
    withoutSource: value.withoutSource,
    emitErrorLogInterval: value.emitErrorLogInterval,
    processName: value.processName,
    rootDir: value.rootDir,
    rpc: endpoint && { ...endpoint, getDump: value.enableGetDump },
  };
}
