import type { Entry } from './reference-data.mjs';

export function yamlSchema(entries: readonly Entry[]): object;
