import type { ConfigElement } from '@sluice/config';
import type { PluginKind } from '@sluice/plugin';

/** A section of a configuration that asks for a plugin. */
export interface PluginUse {
  readonly kind: PluginKind;
  readonly type: string;
  readonly element: ConfigElement;
  /** It is named by the parameter `format`, which may mean something else to the plugin. */
  readonly old?: boolean;
}

const kinds: Readonly<Partial<Record<string, PluginKind>>> = {
  source: 'input',
  match: 'output',
  store: 'output',
  secondary: 'output',
  filter: 'filter',
  parse: 'parser',
  format: 'formatter',
  buffer: 'chunk_store',
  service_discovery: 'service_discovery',
};
/** Sections that only hold others. */
const holders = new Set(['label', 'worker']);

/** All plugins that a configuration names, in the order of its lines. */
export function pluginUses(root: ConfigElement): PluginUse[] {
  const uses: PluginUse[] = [];
  const visit = (element: ConfigElement): void => {
    const kind = kinds[element.name];
    const { type } = element;
    if (kind !== undefined && type !== undefined) uses.push({ kind, type, element });
    // Fluentd's old way: format json in the section itself.
    const old = element.params.get('format')?.value;
    if ((kind === 'input' || kind === 'output') && typeof old === 'string' && /^\w+$/.test(old)) {
      uses.push({
        kind: kind === 'input' ? 'parser' : 'formatter',
        type: old,
        element,
        old: true,
      });
    }
    if (kind !== undefined || holders.has(element.name)) element.elements.forEach(visit);
  };
  root.elements.forEach(visit);
  return uses;
}
