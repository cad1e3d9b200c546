import { readFileSync } from 'node:fs';
import type { HostView } from '@sluice/plugin';
import { plain, type Page, type Pages } from './http-face.js';
import { toLtsv } from './ltsv.js';
import { MetricsPage } from './metrics.js';
import { pluginInfo, selectPlugins } from './plugin-info.js';
import { statusOf } from './status.js';

export interface PagesOptions {
  readonly host: HostView;
  readonly worker: number;
  readonly workers: number;
  readonly includeConfig: boolean;
  readonly includeRetry: boolean;
  /** False while the agent starts or stops. */
  readonly ready: () => boolean;
}

const json = 'application/json';

/** The paths of the monitor, Fluentd's first. */
export function monitorPages(options: PagesOptions): Pages {
  const { host, worker, workers, ready } = options;
  const metrics = new MetricsPage(host, worker);
  const plugins = (query: URLSearchParams) => {
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
  const paths: Record<string, (url: URL) => Page | Promise<Page>> = {
    '/api/plugins.json': ({ searchParams: query }) =>
      asJson({ plugins: plugins(query) }, query.has('debug')),
    '/api/plugins': ({ searchParams: query }) => textPage(toLtsv(plugins(query))),
    '/api/config.json': ({ searchParams: query }) => asJson(config(), query.has('debug')),
    '/api/config': () => textPage(toLtsv([config()])),
    '/api/status.json': () => asJson(statusOf(host, worker, workers), false),
    '/metrics': async () => ({ type: metrics.contentType, body: await metrics.text() }),
    '/healthz': () => (ready() ? plain(200, 'ok') : plain(503, 'not ready')),
    '/': file('status.html', 'text/html; charset=utf-8'),
    '/status.css': file('status.css', 'text/css; charset=utf-8'),
    '/status.js': file('status.js', 'text/javascript; charset=utf-8'),
  };
  return (url) => (Object.hasOwn(paths, url.pathname) ? paths[url.pathname](url) : undefined);
}

function asJson(value: object, pretty: boolean): Page {
  return { type: json, body: `${JSON.stringify(value, null, pretty ? 2 : undefined)}\n` };
}

function textPage(body: string): Page {
  return { type: 'text/plain; charset=utf-8', body };
}

/** Read once, at the start. */
function file(name: string, type: string): () => Page {
  const body = readFileSync(new URL(`../static/${name}`, import.meta.url));
  return () => ({ type, body });
}

/** As Fluentd reads a bool in a query. */
function flag(text: string | null): boolean | undefined {
  if (text === null) return undefined;
  if (text === 'true' || text === 'yes' || text === '1' || text === '') return true;
  return text === 'false' || text === 'no' || text === '0' ? false : undefined;
}
