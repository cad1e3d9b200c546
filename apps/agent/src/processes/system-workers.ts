import type { ConfigElement } from '@sluice/config';
import { readSystem } from './system-settings.js';

/** `workers` of `<system>`; 1 without it. @throws ConfigError for a wrong number */
export function workersOf(root: ConfigElement): number {
  return readSystem(root).workers;
}
