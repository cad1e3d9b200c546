const facilities: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news'],
  ...['uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'at'],
  ...Array.from({ length: 8 }, (_, index) => `local${index}`),
];
const severities = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

/** What a priority stands for, and the tag of its events. */
export interface Priority {
  /** Null for a number that syslog does not have. */
  readonly facility: string | null;
  readonly severity: string;
  readonly tag: string;
}

/** The priorities under one tag. */
export function priorities(tag: string): (number: number) => Priority {
  const known = new Map<number, Priority>();
  return (number) => {
    let priority = known.get(number);
    if (priority === undefined) {
      const facility = number >> 3 < facilities.length ? facilities[number >> 3] : null;
      const severity = severities[number & 7];
      priority = { facility, severity, tag: `${tag}.${facility ?? ''}.${severity}` };
      // A priority has three digits at most in what is parsed; other parsers may find more.
      if (known.size < 1000) known.set(number, priority);
    }
    return priority;
  };
}
