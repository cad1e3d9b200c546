/** The names that an expression in `${…}` may use, as in Fluentd. */
export const eventNames = [
  'tag',
  'time',
  'record',
  'tag_parts',
  'tag_prefix',
  'tag_suffix',
  'hostname',
] as const;

/** Words of Ruby that begin something which is not for expressions. */
export const foreignWords: ReadonlySet<string> = new Set([
  'def', 'class', 'module', 'while', 'until', 'for', 'begin', 'loop', 'yield', 'return', 'lambda',
  'proc', 'raise', 'require', 'eval', 'system', 'exec', 'puts', 'print', 'p', 'open', 'send',
  'instance_eval', 'self', 'super', 'undef', 'alias', 'redo', 'retry', 'next', 'break',
  'fork', 'spawn', 'exit', 'sleep', 'defined?', '__method__', '__FILE__', '__LINE__',
]); // prettier-ignore
