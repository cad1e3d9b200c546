import type { Runtime } from '../runtime.js';
import type { Value } from '../values.js';

/** A block as methods call it. */
export type CallBlock = (...args: Value[]) => Value;

/** What a method is called with. */
export type Args = readonly Value[];

/** Whether an argument was not given: where none stands, taking the list apart gives undefined. */
export function isMissing(value: Value | undefined): value is undefined {
  return value === undefined;
}

/** A method of one class. */
export type Method<Receiver = Value> = (
  receiver: Receiver,
  args: Args,
  runtime: Runtime,
  block: CallBlock | undefined,
) => Value;

/** The methods of a class by their names. */
export type Methods<Receiver> = Readonly<Partial<Record<string, Method<Receiver>>>>;
