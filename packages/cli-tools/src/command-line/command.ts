/** A flag of a command line, for what parses it, prints help and completes words. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Its letter. */
  readonly short?: string;
  /** The name of its value, where it takes one. */
  readonly value?: string;
  /** Whether it may come several times. Default: false, the last one counts. */
  readonly multiple?: boolean;
  /** What a value can be. Default: any text. */
  readonly completes?: 'file' | readonly string[];
  /** What it does. Empty: it is parsed, and not shown. */
  readonly text: string;
}

/** A command, or the call without one. */
export interface Command {
  /** The words behind the program's name; none for the program itself. */
  readonly words: readonly string[];
  /** What stands behind the words, for the line of usage. */
  readonly args: string;
  /** What it does, for the line of help. */
  readonly text: string;
  /** Those that may stand behind it. */
  readonly flags: readonly Flag[];
  /** What an argument can be. Default: none, or any text. */
  readonly completes?: 'file' | readonly string[];
}

/** The whole command line of a program. */
export interface CommandLine {
  /** Its name, as it is typed. */
  readonly program: string;
  /** Its commands, first the call without one. */
  readonly commands: readonly [Command, ...Command[]];
}
