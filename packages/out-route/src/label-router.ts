import { defineSection, t, type ConfigElement, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { decodeAt, descend, EntryCursor, findFields, packField } from '@sluice/event-stream/packed';
import {
  defineOutput,
  KEPT,
  Output,
  allKept,
  type Keeping,
  type OutputContext,
  type PluginStatistics,
  type Router,
} from '@sluice/plugin';
import { routerFor } from './routers.js';
import { handOn, Split, type Destination } from './split.js';

const description =
  'Hands events of Kubernetes on to labels by pod labels, namespace and the like.';

const matchSection = defineSection({
  name: 'match',
  description: 'What the record says of its pod; all that is written has to hold.',
  unknown: 'error',
  params: {
    labels: t.hash(t.string()).default({}).describe('Labels of the pod: app:web,tier:front'),
    namespaces: t.array(t.string()).default([]).describe('Its namespace is one of these'),
    namespaceLabels: t.hash(t.string()).default({}).describe('Labels of the namespace'),
    hosts: t.array(t.string()).default([]).describe('Its host is one of these'),
    containerNames: t.array(t.string()).default([]).describe('Its container is one of these'),
    negate: t.bool().default(false).describe('Events that it holds for are not taken'),
  },
});

const routeSection = defineSection({
  name: 'route',
  description: 'Where events go that one of its <match> sections takes: to the routes of @label.',
  unknown: 'error',
  params: {
    tag: t.string().default('').describe('Their new tag (default: the one that they have)'),
    metricsLabels: t
      .hash(t.string())
      .optional()
      .describe("For Fluentd's metrics; it makes no difference here"),
  },
  sections: { matches: { section: matchSection, multiple: true } },
});

const section = defineSection({
  name: 'match',
  description,
  params: {
    defaultRoute: t
      .string()
      .default('')
      .describe('The label of events that no <route> takes (default: they are dropped)'),
    defaultTag: t
      .string()
      .default('')
      .describe('The tag of events that no <route> takes (default: the one that they have)'),
    stickyTags: t
      .bool()
      .default(true)
      .describe('What holds for the first events of a tag holds for all others of it'),
    emitMode: t
      .enum(['batch', 'record'])
      .default('batch')
      .describe("Events of one route always stay together here; record is Fluentd's slower way"),
    metrics: t.bool().default(false).describe("For Fluentd's metrics; it makes no difference here"),
  },
  sections: {
    routes: {
      raw: 'route',
      multiple: true,
      required: true,
      description: 'Which events go where.',
    },
  },
});

type Match = SectionOf<typeof matchSection>;

/** What a record says of its pod. */
interface Pod {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly namespaceLabels: Readonly<Record<string, unknown>>;
  readonly namespace: unknown;
  readonly host: unknown;
  readonly container: unknown;
}

interface Route {
  readonly router: Router;
  readonly tag: string;
  readonly matches: readonly Match[];
}

/** How many tags keep their routes. */
const mostTags = 4096;

const kubernetes = packField(['kubernetes']);
const names = kubernetes.path as Buffer[];
const asMap = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function includes(list: readonly string[], value: unknown): boolean {
  return list.length === 0 || (typeof value === 'string' && list.includes(value));
}

function hasAll(wanted: Readonly<Record<string, string>>, found: Pod['labels']): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(found, name) && found[name] === value,
  );
}

function holds(match: Match, pod: Pod): boolean {
  return (
    includes(match.hosts, pod.host) &&
    includes(match.containerNames, pod.container) &&
    includes(match.namespaces, pod.namespace) &&
    hasAll(match.namespaceLabels, pod.namespaceLabels) &&
    hasAll(match.labels, pod.labels)
  );
}

/** The first `<match>` that holds decides. */
function takes({ matches }: Route, pod: Pod): boolean {
  const first = matches.find((match) => holds(match, pod));
  return first !== undefined && !first.negate;
}

class LabelRouterOutput extends Output {
  readonly #config: SectionOf<typeof section>;
  readonly #routes: readonly Route[];
  readonly #otherwise: Route | undefined;
  readonly #sticky = new Map<string, ReadonlySet<Route>>();
  readonly #found = [-1];
  #unmatched = 0;

  constructor(context: OutputContext, config: SectionOf<typeof section>, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#routes = config.routes.map((route) => {
      const { tag, matches } = routeSection.read(route, { log: context.log });
      return { router: routerFor(context, route), tag, matches };
    });
    if (config.defaultRoute !== '') {
      const router = routerFor(context, element, 'default_route');
      this.#otherwise = { router, tag: config.defaultTag, matches: [] };
    }
  }

  override statistics(): PluginStatistics {
    return { counters: { unmatched_events: this.#unmatched } };
  }

  write(tag: string, stream: EventStream): Keeping {
    const known = this.#config.stickyTags ? this.#sticky.get(tag) : undefined;
    return known === undefined ? this.#divide(tag, stream) : this.#all(known, tag, stream);
  }

  #divide(tag: string, stream: EventStream): Keeping {
    const { bytes } = stream;
    const split = new Split(stream);
    const used = new Set<Route>();
    const entry = new EntryCursor(bytes);
    while (entry.next()) {
      const routes = this.#routesOf(this.#podOf(bytes, entry.record));
      for (const route of routes) {
        used.add(route);
        split.add(destination(route, tag), entry.start, entry.end);
      }
      if (routes.length === 0) this.#unmatched += 1;
    }
    if (this.#config.stickyTags && used.size > 0) {
      if (this.#sticky.size >= mostTags) this.#sticky.clear();
      this.#sticky.set(tag, used);
    }
    return split.emit(this.id);
  }

  #all(routes: ReadonlySet<Route>, tag: string, stream: EventStream): Keeping {
    const pending: Promise<void>[] = [];
    for (const route of routes) {
      const kept = handOn(destination(route, tag), stream, this.id);
      if (kept !== KEPT) pending.push(kept);
    }
    return pending.length === 0 ? KEPT : allKept(pending);
  }

  #routesOf(pod: Pod): readonly Route[] {
    const routes = this.#routes.filter((route) => takes(route, pod));
    return routes.length === 0 && this.#otherwise !== undefined ? [this.#otherwise] : routes;
  }

  #podOf(bytes: Buffer, record: number): Pod {
    findFields(bytes, record, names, this.#found);
    const at = descend(bytes, this.#found[0], kubernetes.path, 1);
    const found = at < 0 ? {} : asMap(decodeAt(bytes, at));
    return {
      labels: asMap(found.labels),
      namespaceLabels: asMap(found.namespace_labels),
      namespace: found.namespace_name,
      host: found.host,
      container: found.container_name,
    };
  }
}

function destination({ router, tag: own }: Route, tag: string): Destination {
  return { router, tag: own === '' ? tag : own };
}

/** `@type label_router`. Fluentd: `fluent-plugin-label-router`. */
export const labelRouterOutput = defineOutput({
  type: 'label_router',
  description,
  section,
  create: (config, context, element) => new LabelRouterOutput(context, config, element),
});
