import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { apiVersion, type PluginKind } from '../../src/index.js';

/** A folder with these files, by their paths in it, that goes with the test. */
export function folderWith(files: Readonly<Record<string, string | object>>): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sluice-plugin-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** The text of a definition, without an import: whoever made it had a copy of the package. */
export function definition(
  type: string,
  kind: PluginKind = 'output',
  version = apiVersion,
): string {
  return (
    `{ kind: '${kind}', apiVersion: ${version}, type: '${type}', description: 'of a test', ` +
    `section: { name: 'match', schema: {}, read: () => ({}) }, create: () => ({}) }`
  );
}

export const plugin = (type: string, kind?: PluginKind, version?: number): string =>
  `export default ${definition(type, kind, version)};\n`;
