import { ConfigElement, type ConfigParam, type Location } from '@sluice/config';

/**
 * Which parameters of Fluentd before version 1 an output's section may have, where there are sections
 * for them now. Fluentd: `compat_parameters`.
 */
export interface OldParameters {
  /** `buffer_type`, `flush_interval` and the like, for `<buffer>`. Default: they are unknown. */
  readonly buffer?: {
    /** Chunk keys of a `<buffer>` made of them. Fluentd: `default_chunk_key`. */
    readonly chunkKeys: string;
  };
  /** `format`, `output_tag`, `delimiter` and the like, for `<format>`. Default: unknown. */
  readonly format?: boolean;
  /** `include_time_key`, `tag_key` and the like, for `<inject>`. Default: unknown. */
  readonly inject?: boolean;
  /** Names that the output itself reads, too. Default: none. */
  readonly keep?: readonly string[];
}

const bufferNames: Readonly<Record<string, string>> = {
  buffer_type: '@type',
  buffer_path: 'path',
  num_threads: 'flush_thread_count',
  flush_interval: 'flush_interval',
  try_flush_interval: 'flush_thread_interval',
  queued_chunk_flush_interval: 'flush_thread_burst_interval',
  disable_retry_limit: 'retry_forever',
  retry_limit: 'retry_max_times',
  max_retry_wait: 'retry_max_interval',
  buffer_chunk_limit: 'chunk_limit_size',
  buffer_queue_limit: 'queue_limit_length',
  buffer_queue_full_action: 'overflow_action',
  flush_at_shutdown: 'flush_at_shutdown',
  time_slice_wait: 'timekey_wait',
  timezone: 'timekey_zone',
};

const formatNames: Readonly<Record<string, string>> = {
  format: '@type',
  ...Object.fromEntries(
    [
      'delimiter',
      'force_quotes',
      'keys',
      'fields',
      'json_parser',
      'label_delimiter',
      'output_time',
      'output_tag',
      'localtime',
      'utc',
      'timezone',
      'message_key',
      'add_newline',
      'output_type',
    ].map((name) => [name, name]),
  ),
};

const injectNames: Readonly<Record<string, string>> = Object.fromEntries(
  ['time_key', 'time_format', 'timezone', 'tag_key'].map((name) => [name, name]),
);
const injectWords = ['include_time_key', 'include_tag_key', 'localtime', 'utc'];

/** The parameters of a section that is made of old ones. */
class NewSection {
  readonly params = new Map<string, ConfigParam>();
  readonly used = new Set<string>();

  constructor(
    readonly parent: ConfigElement,
    readonly name: string,
  ) {}

  /** Takes each parameter of the table under its new name. */
  take(names: Readonly<Record<string, string>>): void {
    for (const [old, now] of Object.entries(names)) {
      const param = this.parent.params.get(old);
      if (param === undefined) continue;
      this.params.set(now, { ...param, name: now });
      this.used.add(old);
    }
  }

  /** Sets a value that an old parameter stands for; errors in it point at that. */
  set(name: string, value: string, because: string): void {
    this.used.add(because);
    const { location, valueLocation } = this.parent.params.get(because) ?? {
      location: this.parent.location,
      valueLocation: this.parent.location,
    };
    this.params.set(name, { name, value, form: 'bare', location, valueLocation });
  }

  element(arg = ''): ConfigElement {
    const [first] = this.params.values() as Iterable<ConfigParam | undefined>;
    const location: Location = first?.location ?? this.parent.location;
    return new ConfigElement({
      name: this.name,
      arg,
      location,
      params: this.params.values(),
    });
  }
}

const isTrue = (text: string | undefined): boolean => /^(?:true|yes|)$/.test(text ?? 'false');

/** `time_slice_format` says how long a slice is by its finest part. */
function timekeyOf(element: ConfigElement, format: string): number {
  if (format.includes('%S')) return 1;
  if (format.includes('%M')) return 60;
  if (format.includes('%H')) return 3600;
  if (format.includes('%d')) return 86_400;
  throw element.error('time_slice_format is not fine enough', {
    param: 'time_slice_format',
    hint: 'a day, with %d, is the longest slice; write <buffer time> with a timekey for others',
  });
}

function bufferOf(element: ConfigElement, chunkKeys: string): NewSection | undefined {
  const section = new NewSection(element, 'buffer');
  section.take(bufferNames);
  const format = element.get('time_slice_format');
  if (section.used.size === 0 && format === undefined) return undefined;
  const full = section.params.get('overflow_action');
  if (full?.value === 'exception') {
    section.set('overflow_action', 'throw_exception', 'buffer_queue_full_action');
  }
  if (format === undefined) {
    if (chunkKeys === 'time') {
      const [because] = section.used;
      section.set('timekey', '86400', because);
    }
    return section;
  }
  section.set('timekey', String(timekeyOf(element, format)), 'time_slice_format');
  const word = zoneWord(element);
  if (word !== undefined) {
    const utc = isTrue(element.get(word)) === (word === 'utc');
    section.set('timekey_use_utc', String(utc), word);
  }
  return section;
}

function zoneWord(element: ConfigElement): 'utc' | 'localtime' | undefined {
  const utc = element.params.has('utc');
  if (!element.params.has('localtime')) return utc ? 'utc' : undefined;
  if (utc && isTrue(element.get('utc')) === isTrue(element.get('localtime'))) {
    throw element.error('utc and localtime exclude each other', {
      param: 'utc',
      hint: 'keep one of them',
    });
  }
  return utc ? 'utc' : 'localtime';
}

function formatOf(element: ConfigElement): NewSection | undefined {
  const section = new NewSection(element, 'format');
  section.take(formatNames);
  if (section.used.size === 0) return undefined;
  if (isTrue(element.get('time_as_epoch'))) section.set('time_type', 'unixtime', 'time_as_epoch');
  return section;
}

function injectOf(element: ConfigElement): NewSection | undefined {
  const section = new NewSection(element, 'inject');
  section.take(injectNames);
  for (const word of injectWords) if (element.params.has(word)) section.used.add(word);
  if (section.used.size === 0) return undefined;
  const setUnless = (name: string, value: string, because: string): void => {
    if (!section.params.has(name)) section.set(name, value, because);
  };
  if (isTrue(element.get('include_time_key'))) {
    setUnless('time_key', 'time', 'include_time_key');
    setUnless('time_type', 'string', 'include_time_key');
  }
  if (isTrue(element.get('time_as_epoch'))) {
    setUnless('time_key', 'time', 'time_as_epoch');
    section.set('time_type', 'unixtime', 'time_as_epoch');
  }
  if (isTrue(element.get('include_tag_key'))) setUnless('tag_key', 'tag', 'include_tag_key');
  const word = zoneWord(element);
  if (word !== undefined && !section.params.has('timezone')) {
    section.set('localtime', String(isTrue(element.get(word)) === (word === 'localtime')), word);
  }
  return section;
}

/**
 * Puts parameters that Fluentd before version 1 had beside a `<match>` into the sections that they
 * belong to since, as Fluentd still does. A section that is written wins over all old parameters for
 * it.
 *
 * @returns the section as one writes it now; the same element where nothing is old
 * @throws ConfigError for a `time_slice_format` without a day, and utc beside localtime
 */
export function withoutOldParameters(element: ConfigElement, old: OldParameters): ConfigElement {
  const made: NewSection[] = [];
  const elements: ConfigElement[] = [];
  const add = (section: NewSection | undefined, arg = ''): void => {
    if (section === undefined) return;
    made.push(section);
    // One that says nothing, such as <inject> with only utc, is as good as none.
    if (section.params.size > 0) elements.push(section.element(arg));
  };
  const lacks = (name: string): boolean => element.children(name).length === 0;
  if (old.buffer !== undefined && lacks('buffer')) {
    const { chunkKeys } = old.buffer;
    add(
      bufferOf(element, chunkKeys),
      element.get('time_slice_format') === undefined ? chunkKeys : 'time',
    );
  }
  if (old.inject === true && lacks('inject')) add(injectOf(element));
  if (old.format === true && lacks('format')) add(formatOf(element));
  if (made.length === 0) return element;
  const used = new Set(made.flatMap((section) => [...section.used]));
  for (const name of old.keep ?? []) used.delete(name);
  return new ConfigElement({
    name: element.name,
    arg: element.arg,
    location: element.location,
    argLocation: element.argLocation,
    params: [...element.params.values()].filter(({ name }) => !used.has(name)),
    elements: [...element.elements, ...elements],
  });
}
