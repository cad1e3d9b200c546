import { readFileSync } from 'node:fs';
import type { Kind, Language } from './choices.js';

/** What the templates are filled with. */
export interface Project {
  readonly type: string;
  /** Of the package. */
  readonly name: string;
  readonly kind: Kind;
  readonly language: Language;
  /** Of the packages that it is made for. */
  readonly version: string;
}

/** The files of a project, by their paths in it. */
export function filesOf(project: Project): Map<string, string> {
  const { kind, language } = project;
  const typed = language === 'ts';
  const files = new Map([
    ['package.json', packageJson(project)],
    ['README.md', filled('common/README.md', project)],
    ['example.conf', filled(`${kind}/example.conf`, project)],
    [`src/index.${language}`, filled(`${kind}/plugin`, project)],
    [`test/plugin.test.${language}`, filled(`${kind}/test`, project)],
    ['.gitignore', typed ? 'node_modules\ndist\n' : 'node_modules\n'],
  ]);
  if (typed) files.set('tsconfig.json', filled('common/tsconfig.json', project));
  return files;
}

function packageJson({ name, kind, type, language, version }: Project): string {
  const typed = language === 'ts';
  const range = `^${version}`;
  const described = {
    name,
    version: '0.1.0',
    description: `The ${kind} ${type} for Sluice`,
    keywords: ['sluice', 'sluice-plugin', kind],
    type: 'module',
    engines: { node: '>=20.19' },
    exports: typed
      ? { types: './dist/src/index.d.ts', default: './dist/src/index.js' }
      : './src/index.js',
    files: typed ? ['dist/src'] : ['src'],
    scripts: {
      ...(typed && { build: 'tsc', prepare: 'tsc' }),
      test: typed
        ? 'tsc && node --test dist/test/plugin.test.js'
        : 'node --test test/plugin.test.js',
      start: `${typed ? 'tsc && ' : ''}sluice -c example.conf --plugin .`,
    },
    dependencies: {
      '@sluice/config': range,
      '@sluice/event-stream': range,
      '@sluice/plugin': range,
    },
    devDependencies: {
      '@sluice/agent': range,
      ...(typed && { '@types/node': '^20.19.0', typescript: '^5.9.0 || ^6.0.0' }),
    },
  };
  return `${JSON.stringify(described, undefined, 2)}\n`;
}

/** A template with names in place of `{{…}}`; what stands in `«…»` is for TypeScript only. */
function filled(template: string, project: Project): string {
  const { type, name, kind, language } = project;
  const short = type.slice(type.indexOf('/') + 1);
  const names: Readonly<Record<string, string>> = {
    type,
    name,
    kind,
    class: short.replace(/(?:^|_)([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
    source: `src/index.${language}`,
    test: `test/plugin.test.${language}`,
  };
  return readFileSync(new URL(`../templates/${template}.tmpl`, import.meta.url), 'utf8')
    .replace(/^«([^»]*)»\n/gm, language === 'ts' ? '$1\n' : '')
    .replace(/«([^»]*)»/g, language === 'ts' ? '$1' : '')
    .replace(/\{\{(\w+)\}\}/g, (_match, key: string) => names[key]);
}
