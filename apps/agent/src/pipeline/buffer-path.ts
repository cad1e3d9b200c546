import path from 'node:path';
import { ConfigElement } from '@sluice/config';

/**
 * The `<buffer>` with the folder that it has under `root_dir`, where it stands in a folder and names
 * none: `ROOT/ID/buffer`. Fluentd: `ROOT/workerN/ID/buffer`; the folders of workers are inside here.
 *
 * @param output whose buffer it is; without an `@id` in the file it has no folder that stays the same
 * @param rootDir Fluentd: `root_dir` of `<system>`
 */
export function withPathUnder(
  rootDir: string | undefined,
  buffer: ConfigElement,
  output: ConfigElement,
): ConfigElement {
  const { id } = output;
  if (rootDir === undefined || id === undefined || buffer.params.has('path')) return buffer;
  const { name, arg, location, argLocation, params, elements } = buffer;
  const folder = {
    name: 'path',
    value: path.join(rootDir, id, 'buffer'),
    form: 'double',
    location,
    valueLocation: location,
  } as const;
  return new ConfigElement({
    name,
    arg,
    location,
    argLocation,
    elements,
    params: [...params.values(), folder],
  });
}
