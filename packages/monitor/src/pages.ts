import { readFileSync } from 'node:fs';
import type { HostView } from '@sluice/plugin';
import type { History } from './history.js';
import { plain, type Page, type Pages } from './http-pages.js';
import { toLtsv } from './ltsv.js';
import { mergeMetrics } from './merge-metrics.js';
import { mergeStatuses } from './merge-status.js';
import { MetricsPage } from './metrics.js';
import type { OtherWorkers } from './other-workers.js';
import { pluginInfo, selectPlugins, type PluginInfo } from './plugin-info.js';
import { statusOf, type Status } from './status.js';

export interface PagesOptions {
  readonly host: HostView;
  readonly worker: number;
  readonly workers: number;
  readonly history: History;
  /** Asks the other workers; undefined where there are none, or their ports are not known. */
  readonly others: OtherWorkers | undefined;
  readonly includeConfig: boolean;
  readonly includeRetry: boolean;
  /** False while the agent starts or stops. */
  readonly ready: () => boolean;
}

const json = 'application/json';

/**
 * The paths of the monitor, Fluentd's first. On the port of worker 0 the answers are of all workers,
 * on the others, and with `?worker=N`, of one.
 */
export function monitorPages(options: PagesOptions): Pages {
  const { host, worker, workers, ready } = options;
  const metrics = new MetricsPage(host, worker);
  const plugins = (query: URLSearchParams): PluginInfo[] => {
    const debug = query.has('debug');
    const withConfig = flag(query.get('with_config')) ?? options.includeConfig;
    const withRetry = flag(query.get('with_retry')) ?? options.includeRetry;
    return selectPlugins(host, query).map((view) =>
      pluginInfo(view, { withConfig, withRetry, debug }),
    );
  };
  const config = () => ({
    pid: process.pid,
    ppid: process.ppid,
    config_path: host.root.location.file,
    workers,
    worker_id: worker,
  });
  const one: Record<string, (url: URL) => Page | Promise<Page>> = {
    '/api/plugins.json': ({ searchParams: query }) =>
      asJson({ plugins: plugins(query) }, query.has('debug')),
    '/api/plugins': ({ searchParams: query }) => textPage(toLtsv(plugins(query))),
    // Of one worker it is what others ask for: not yet in the form of the page.
    '/api/status.json': ({ searchParams: query }) => {
      const status = statusOf(options);
      return asJson(
        query.has('raw') ? status : mergeStatuses(new Map([[worker, status]]), worker),
        false,
      );
    },
    '/metrics': async () => ({ type: metrics.contentType, body: await metrics.text() }),
  };
  const ofAll = options.others && allWorkers(one, options, options.others, metrics.contentType);
  const ofNone: Record<string, (url: URL) => Page> = {
    '/api/config.json': ({ searchParams: query }) => asJson(config(), query.has('debug')),
    '/api/config': () => textPage(toLtsv([config()])),
    '/healthz': () => (ready() ? plain(200, 'ok') : plain(503, 'not ready')),
    '/': file('status.html', 'text/html; charset=utf-8'),
    '/status.css': file('status.css', 'text/css; charset=utf-8'),
    '/status.js': file('status.js', 'text/javascript; charset=utf-8'),
    '/favicon.svg': file('favicon.svg', 'image/svg+xml'),
    '/favicon.ico': file('favicon.svg', 'image/svg+xml'),
  };
  return async (url) => {
    const { pathname: path } = url;
    if (Object.hasOwn(ofNone, path)) return ofNone[path](url);
    if (!Object.hasOwn(one, path)) return undefined;
    const asked = url.searchParams.get('worker');
    if (asked === null) return ofAll !== undefined && worker === 0 ? ofAll(url) : one[path](url);
    const id = Number(asked);
    if (!/^\d+$/.test(asked) || id >= workers) {
      return plain(404, `unknown worker ${asked}: the workers are 0 to ${workers - 1}`);
    }
    if (id === worker) return one[path](url);
    const body = await options.others?.ask(id, url);
    if (body === undefined) return plain(502, `worker ${id} does not answer`);
    const type = path === '/metrics' ? metrics.contentType : path.endsWith('.json') ? json : text;
    return { type, body };
  };
}

/** Puts together what all workers answer. */
function allWorkers(
  one: Record<string, (url: URL) => Page | Promise<Page>>,
  options: PagesOptions,
  others: OtherWorkers,
  metricsType: string,
): (url: URL) => Promise<Page> {
  const { worker, workers } = options;
  const ask = async (url: URL): Promise<(string | undefined)[]> => {
    const ids = Array.from({ length: workers }, (_, id) => id);
    return Promise.all(
      ids.map(async (id) =>
        id === worker ? String((await one[url.pathname](url)).body) : others.ask(id, url),
      ),
    );
  };
  const pluginsOf = async (url: URL): Promise<PluginInfo[]> => {
    const wanted = new URL(url);
    wanted.pathname = '/api/plugins.json';
    const answers = await ask(wanted);
    return answers.flatMap((text, id) => {
      if (text === undefined) return [];
      const { plugins } = JSON.parse(text) as { plugins: PluginInfo[] };
      return plugins.map((plugin) => ({ ...plugin, worker_id: id }));
    });
  };
  const pages: Record<string, (url: URL) => Promise<Page>> = {
    '/api/plugins.json': async (url) =>
      asJson({ plugins: await pluginsOf(url) }, url.searchParams.has('debug')),
    '/api/plugins': async (url) => textPage(toLtsv(await pluginsOf(url))),
    '/api/status.json': async (url) => {
      url.searchParams.set('raw', '1');
      const answers = await ask(url);
      const statuses = answers.map((text, id): [number, Status | undefined] => [
        id,
        text === undefined ? undefined : (JSON.parse(text) as Status),
      ]);
      return asJson(mergeStatuses(new Map(statuses), null), false);
    },
    '/metrics': async (url) => {
      const answers = await ask(url);
      const up = answers.map(
        (text, id) => `sluice_worker_up{worker="${id}"} ${text === undefined ? 0 : 1}\n`,
      );
      const family = `# HELP sluice_worker_up Whether the monitor of a worker answers.\n# TYPE sluice_worker_up gauge\n${up.join('')}`;
      const found = answers.filter((text) => text !== undefined);
      return { type: metricsType, body: mergeMetrics([...found, family]) };
    },
  };
  return (url) => pages[url.pathname](url);
}

function asJson(value: object, pretty: boolean): Page {
  return { type: json, body: `${JSON.stringify(value, null, pretty ? 2 : undefined)}\n` };
}

const text = 'text/plain; charset=utf-8';

function textPage(body: string): Page {
  return { type: text, body };
}

/** Read once, at the start. */
function file(name: string, type: string): () => Page {
  const body = readFileSync(new URL(`../static/${name}`, import.meta.url));
  return () => ({ type, body });
}

/** As Fluentd reads a bool in a query. */
function flag(value: string | null): boolean | undefined {
  if (value === null) return undefined;
  if (value === 'true' || value === 'yes' || value === '1' || value === '') return true;
  return value === 'false' || value === 'no' || value === '0' ? false : undefined;
}
