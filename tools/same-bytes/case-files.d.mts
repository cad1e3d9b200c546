/** One configuration, what is sent to it, and what is written. */
export interface Case {
  /** The file and the name. */
  readonly id: string;
  readonly name: string;
  readonly conf: string;
  /** The configuration has sections of the top level: it runs in a process of its own. */
  readonly whole: boolean;
  /** What differs on purpose; empty where nothing does. */
  readonly why: string;
  readonly events: readonly string[];
  readonly tcp: readonly string[];
  readonly udp: readonly string[];
  /** What Fluentd writes. */
  files: Map<string, Buffer>;
  /** What Sluice writes where that differs on purpose. */
  sluice: Map<string, Buffer>;
}

export const caseFolder: string;
export function readCases(file: string): Case[];
export function caseText(one: Case): string;
export function caseFiles(folder?: string): string[];
