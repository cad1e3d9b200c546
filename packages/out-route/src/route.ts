import { defineSection, t, type ConfigElement, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  allKept,
  compileTagPattern,
  defineOutput,
  KEPT,
  Output,
  TagPatternError,
  type Keeping,
  type OutputContext,
  type PluginStatistics,
  type Router,
} from '@sluice/plugin';
import { routerFor } from './routers.js';
import { handOn } from './split.js';

const description = 'Hands events on to labels by their tag, with changes to it.';

const prefixes = {
  removeTagPrefix: t
    .string()
    .optional()
    .describe('Left out at the beginning of the tag, with the dot'),
  addTagPrefix: t.string().optional().describe('Put in front of the tag, with a dot'),
};

const section = defineSection({
  name: 'match',
  description,
  params: prefixes,
  sections: {
    routes: {
      raw: 'route',
      multiple: true,
      required: true,
      description: 'Tags, and where they go.',
    },
  },
});

const routeSection = defineSection({
  name: 'route',
  description: 'Where events of some tags go: to the routes of @label.',
  argument: { pattern: t.string().default('**').describe('Tags, as in <match>') },
  params: {
    ...prefixes,
    copy: t.string().optional().describe('Go on with the next <route>; without a value'),
  },
});

type Prefixes = Pick<SectionOf<typeof section>, 'removeTagPrefix' | 'addTagPrefix'>;

interface Route {
  readonly matches: (tag: string) => boolean;
  readonly change: (tag: string) => string;
  readonly goesOn: boolean;
  readonly router: Router;
}

function changeOf({ removeTagPrefix, addTagPrefix }: Prefixes): (tag: string) => string {
  return (tag) => {
    let rest = tag;
    if (removeTagPrefix !== undefined) {
      // As in Fluentd a tag without the prefix to remove gets none.
      if (!tag.startsWith(removeTagPrefix)) return tag;
      rest = tag.slice(removeTagPrefix.length).replace(/^\./, '');
    }
    return addTagPrefix === undefined ? rest : `${addTagPrefix}.${rest}`;
  };
}

function routeOf(element: ConfigElement, context: OutputContext): Route {
  const config = routeSection.read(element, { log: context.log });
  const change = changeOf(config);
  try {
    return {
      matches: compileTagPattern(config.pattern),
      change,
      goesOn: element.params.has('copy'),
      router: routerFor(context, element),
    };
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    throw element.error(error.message, { arg: true });
  }
}

class RouteOutput extends Output {
  readonly #change: (tag: string) => string;
  readonly #routes: readonly Route[];
  #unmatched = 0;

  constructor(context: OutputContext, config: SectionOf<typeof section>) {
    super(context);
    this.#change = changeOf(config);
    this.#routes = config.routes.map((element) => routeOf(element, context));
  }

  override statistics(): PluginStatistics {
    return { counters: { unmatched_events: this.#unmatched } };
  }

  write(tag: string, stream: EventStream): Keeping {
    const changed = this.#change(tag);
    const pending: Promise<void>[] = [];
    let taken = false;
    for (const { matches, change, goesOn, router } of this.#routes) {
      if (!matches(changed)) continue;
      taken = true;
      const kept = handOn({ router, tag: change(changed) }, stream, this.id);
      if (kept !== KEPT) pending.push(kept);
      if (!goesOn) break;
    }
    if (!taken) this.#unmatched += stream.count;
    return pending.length === 0 ? KEPT : allKept(pending);
  }
}

/** `@type route`. Fluentd: `fluent-plugin-route`. */
export const routeOutput = defineOutput({
  type: 'route',
  description,
  section,
  create: (config, context) => new RouteOutput(context, config),
});
