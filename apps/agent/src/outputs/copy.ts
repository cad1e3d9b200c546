import { defineSection } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, Output, type OutputContext } from '@sluice/plugin';

class CopyOutput extends Output {
  constructor(
    context: OutputContext,
    readonly stores: readonly Output[],
  ) {
    super(context);
  }

  // Kept when every store has the events. A store that fails makes the sender repeat them, so the
  // others get them twice: at least once holds for each.
  write(tag: string, stream: EventStream): void | Promise<void> {
    let pending: Promise<void>[] | undefined;
    for (const store of this.stores) {
      const kept = store.write(tag, stream);
      if (kept !== undefined) (pending ??= []).push(kept);
    }
    if (pending !== undefined) return settled(pending);
  }
}

/** Waits for all, so that nothing still reads the stream's bytes when the first error is told. */
async function settled(pending: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

/** `@type copy`: gives the same events to every `<store>`. Fluentd: `out_copy`. */
export const copyOutput = defineOutput({
  type: 'copy',
  description: 'Gives the same events to every <store>.',
  section: defineSection({
    name: 'match',
    description: 'Gives the same events to every <store>.',
    sections: {
      stores: { raw: 'store', multiple: true, required: true, description: 'An output, by @type.' },
    },
  }),
  create: (config, context) =>
    new CopyOutput(
      context,
      config.stores.map((store) => context.createOutput(store)),
    ),
});
