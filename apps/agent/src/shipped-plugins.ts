import type { LazyPlugins } from '@sluice/plugin';

/** The plugins that need no installing. Each is imported when a configuration names it. */
export const shippedPlugins: readonly LazyPlugins[] = [
  {
    from: '@sluice/buffer',
    provides: ['chunk_store file', 'chunk_store file_single', 'chunk_store memory'],
    load: () => import('@sluice/buffer'),
  },
  {
    from: '@sluice/in-forward',
    provides: ['input forward', 'input unix'],
    load: () => import('@sluice/in-forward'),
  },
  {
    from: '@sluice/monitor',
    provides: ['input monitor_agent'],
    load: () => import('@sluice/monitor'),
  },
  {
    from: '@sluice/jetstream',
    provides: ['input jetstream', 'output jetstream'],
    load: () => import('@sluice/jetstream'),
  },
  {
    from: '@sluice/filter-parser',
    provides: ['filter parser'],
    load: () => import('@sluice/filter-parser'),
  },
  {
    from: '@sluice/in-http',
    provides: ['input http'],
    load: () => import('@sluice/in-http'),
  },
  {
    from: '@sluice/in-sample',
    provides: ['input dummy', 'input sample'],
    load: () => import('@sluice/in-sample'),
  },
  {
    from: '@sluice/in-socket',
    provides: ['input tcp', 'input udp'],
    load: () => import('@sluice/in-socket'),
  },
  {
    from: '@sluice/in-syslog',
    provides: ['input syslog'],
    load: () => import('@sluice/in-syslog'),
  },
  {
    from: '@sluice/filter-core',
    provides: ['filter grep', 'filter record_transformer'],
    load: () => import('@sluice/filter-core'),
  },
  {
    from: '@sluice/out-core',
    provides: [
      'filter stdout',
      'output copy',
      'output null',
      'output relabel',
      'output roundrobin',
      'output stdout',
    ],
    load: () => import('@sluice/out-core'),
  },
  { from: '@sluice/out-file', provides: ['output file'], load: () => import('@sluice/out-file') },
  {
    from: '@sluice/out-forward',
    provides: ['output forward'],
    load: () => import('@sluice/out-forward'),
  },
  { from: '@sluice/out-http', provides: ['output http'], load: () => import('@sluice/out-http') },
  {
    from: '@sluice/out-route',
    provides: ['output label_router', 'output rewrite_tag_filter', 'output route'],
    load: () => import('@sluice/out-route'),
  },
  {
    from: '@sluice/out-secondary-file',
    provides: ['output secondary_file'],
    load: () => import('@sluice/out-secondary-file'),
  },
  {
    from: '@sluice/formats',
    provides: [
      'formatter csv',
      'formatter hash',
      'formatter json',
      'formatter ltsv',
      'formatter msgpack',
      'formatter out_file',
      'formatter single_value',
      'formatter stdout',
      'formatter tsv',
      'parser apache',
      'parser apache2',
      'parser apache_error',
      'parser csv',
      'parser json',
      'parser ltsv',
      'parser msgpack',
      'parser multiline',
      'parser nginx',
      'parser none',
      'parser regexp',
      'parser syslog',
      'parser tsv',
    ],
    load: () => import('@sluice/formats'),
  },
  {
    from: '@sluice/sd-core',
    provides: ['service_discovery file', 'service_discovery srv', 'service_discovery static'],
    load: () => import('@sluice/sd-core'),
  },
];
