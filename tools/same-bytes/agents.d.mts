import type { Case } from './case-files.mjs';

/** How an agent is run. */
export interface Agent {
  readonly name: string;
  readonly command: readonly string[];
  readonly ready: RegExp;
  readonly quiet: number;
  readonly flush?: NodeJS.Signals;
}

/** What became of a case. */
export interface Written {
  readonly files: Map<string, Buffer>;
  /** What the agent said where it did not start. */
  readonly refused?: string;
}

export function sluice(node?: string): Agent;
export function fluentd(command: string): Agent;
export function runCases(
  agent: Agent,
  cases: readonly Case[],
  folder: string,
  times?: { quiet?: number; most?: number },
): Promise<Map<string, Written>>;
