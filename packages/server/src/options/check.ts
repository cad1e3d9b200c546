import { ServerArgumentError } from '../errors.js';

/** Throws where something is wrong. @throws ServerArgumentError @internal */
export function refuse(wrong: boolean, message: string, option: string, value: unknown): void {
  if (wrong) throw new ServerArgumentError(message, option, value);
}

/** An option that says nothing. @internal */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Throws for what is there and no integer in the range. @throws ServerArgumentError @internal */
export function checkInteger(option: string, value: unknown, least: number, most: number): void {
  if (isAbsent(value)) return;
  const right =
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
  const range =
    most >= Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  refuse(!right, `${option} must be an integer ${range}, not ${show(value)}`, option, value);
}

/** A group of options. @throws ServerArgumentError @internal */
export function checkObject(option: string, value: unknown): Record<string, unknown> {
  const right = typeof value === 'object' && value !== null && !Array.isArray(value);
  refuse(!right, `${option} must be an object, not ${show(value)}`, option, value);
  return value as Record<string, unknown>;
}

/** A value for an error's text. @internal */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
