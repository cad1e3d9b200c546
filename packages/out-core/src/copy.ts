import { defineSection, param, t, type ConfigElement, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  allKept,
  checkKeeping,
  defineOutput,
  innerPlugin,
  KEPT,
  Output,
  type EventSink,
  type Keeping,
  type OutputContext,
  type PluginStatistics,
} from '@sluice/plugin';

const section = defineSection({
  name: 'match',
  description: 'Gives the same events to every <store>.',
  params: {
    copyMode: t
      .enum(['no_copy', 'shallow', 'deep', 'marshal'])
      .default('no_copy')
      .describe('Of no consequence: no output can change the events of another'),
    deepCopy: param(t.bool().default(false), {
      deprecated: 'it is of no consequence, no output can change the events of another',
    }),
  },
  sections: {
    stores: { raw: 'store', multiple: true, required: true, description: 'An output, by @type.' },
  },
});

/** One `<store>`. */
interface Store {
  readonly output: EventSink;
  /** Its failures do not count. Fluentd: `<store ignore_error>`. */
  readonly ignoreError: boolean;
  /** It is left out where the one before has the events. Fluentd: `ignore_if_prev_success`. */
  readonly onlyAfterFailure: boolean;
}

const storeWords = ['ignore_error', 'ignore_if_prev_success'];

function storeOf(element: ConfigElement, context: OutputContext): Store {
  const words = element.arg.split(/[\s,]+/).filter((word) => word !== '');
  const unknown = words.find((word) => !storeWords.includes(word));
  if (unknown !== undefined) {
    throw element.error(`<store> does not know "${unknown}"`, {
      arg: true,
      hint: `supported: ${storeWords.join(', ')}`,
    });
  }
  return {
    output: innerPlugin(context, 'output', element),
    ignoreError: words.includes('ignore_error'),
    onlyAfterFailure: words.includes('ignore_if_prev_success'),
  };
}

/** No `<store>` has the events, and all of them were to be ignored if they failed. */
class NothingKeptError extends Error {
  readonly code = 'ERR_SLUICE_NOTHING_KEPT';

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`no <store> has kept the events: ${reason}`, { cause });
    this.name = 'NothingKeptError';
  }
}

class CopyOutput extends Output {
  /** Failures of stores with ignore_error. */
  ignoredErrors = 0;
  readonly #plain: boolean;

  constructor(
    context: OutputContext,
    readonly stores: readonly Store[],
  ) {
    super(context);
    this.#plain = stores.every((store) => !store.ignoreError && !store.onlyAfterFailure);
    if (
      stores.every((store) => store.ignoreError) &&
      !stores.some((store) => store.onlyAfterFailure)
    ) {
      this.log.warn({}, 'every <store> has ignore_error: is that intended?');
    }
  }

  override statistics(): PluginStatistics {
    return { counters: { ignored_errors: this.ignoredErrors } };
  }

  // Kept when every store has the events. A store that fails makes the sender repeat them, so the
  // others get them twice: at least once holds for each.
  write(tag: string, stream: EventStream): Keeping {
    if (!this.#plain) return this.#writeInTurn(tag, stream);
    let pending: Promise<void>[] | undefined;
    for (const { output } of this.stores) {
      try {
        const kept = checkKeeping(output.write(tag, stream), output.id, 'write');
        if (kept !== KEPT) (pending ??= []).push(kept);
      } catch (error) {
        // The other stores still get them.
        const reason = error instanceof Error ? error : new Error(String(error));
        (pending ??= []).push(Promise.reject(reason));
      }
    }
    return pending === undefined ? KEPT : allKept(pending);
  }

  /** A store that is to be left out has to wait for the one before it; others do not. */
  async #writeInTurn(tag: string, stream: EventStream): Promise<void> {
    let before: Promise<boolean> = Promise.resolve(false);
    const all = this.stores.map((store) => (before = this.#writeOne(store, before, tag, stream)));
    let kept = false;
    let failure: { reason: unknown } | undefined;
    for (const [index, result] of (await Promise.allSettled(all)).entries()) {
      if (result.status === 'fulfilled') {
        kept ||= result.value;
        continue;
      }
      const { reason } = result as { reason: unknown };
      failure ??= { reason };
      const { ignoreError, output } = this.stores[index];
      if (!ignoreError) throw reason;
      this.ignoredErrors += 1;
      const error = reason instanceof Error ? reason.message : String(reason);
      this.log.error({ store: output.id, tag, error }, `the error of ${output.id} is ignored`);
    }
    // An ack says that somebody has the events, even where each store alone may fail.
    if (!kept) throw new NothingKeptError(failure?.reason);
  }

  /** @returns whether this store, or one before it in whose place it stands, has the events */
  async #writeOne(
    { output, onlyAfterFailure }: Store,
    before: Promise<boolean>,
    tag: string,
    stream: EventStream,
  ): Promise<boolean> {
    if (onlyAfterFailure && (await before.catch(() => false))) return true;
    const writing = checkKeeping(output.write(tag, stream), output.id, 'write');
    if (writing !== KEPT) await writing;
    return true;
  }
}

function create(config: SectionOf<typeof section>, context: OutputContext): CopyOutput {
  return new CopyOutput(
    context,
    config.stores.map((store) => storeOf(store, context)),
  );
}

/** `@type copy`: gives the same events to every `<store>`. Fluentd: `out_copy`. */
export const copyOutput = defineOutput({
  type: 'copy',
  description: 'Gives the same events to every <store>.',
  section,
  create,
});
