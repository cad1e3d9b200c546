/** An expression that is not understood: it is refused when it is read. */
export class RubySyntaxError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_RUBY_SYNTAX';
  /** What a stack trace begins with. */
  override readonly name = 'RubySyntaxError';

  constructor(
    message: string,
    /** The whole text that was read. */
    readonly source: string,
    /** Where in it the mistake is, counted from 0. */
    readonly position: number,
    /** What would be right. */
    readonly hint: string,
  ) {
    super(message);
  }
}

/** An expression that comes to nothing for one event, as in Ruby: a method that a value lacks, … */
export class RubyError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_RUBY';
  /** What a stack trace begins with. */
  override readonly name = 'RubyError';
}
