import type { ConfigElement } from '@sluice/config';
import { parseRecordAccessor, RecordAccessorError } from '@sluice/plugin';
import { packField, type PackedField } from '@sluice/event-stream/packed';

/** One `<regexp>` or `<exclude>`. */
export interface Condition {
  readonly field: PackedField;
  readonly pattern: RegExp;
}

/** The four lists that Fluentd's grep sorts its conditions into, whatever sections they stand in. */
export interface Conditions {
  /** All must match. */
  readonly regexpAnd: Condition[];
  /** At least one must match. */
  readonly regexpOr: Condition[];
  /** Not all may match. */
  readonly excludeAnd: Condition[];
  /** None may match. */
  readonly excludeOr: Condition[];
}

/** Where a condition is written. */
interface Place {
  readonly element: ConfigElement;
  readonly param: string;
  /** Where a duplicate key stands, in words. */
  readonly where: string;
}

/** Collects conditions and refuses a duplicate key in one list, as Fluentd does. */
export class ConditionCollector {
  readonly conditions: Conditions = {
    regexpAnd: [],
    regexpOr: [],
    excludeAnd: [],
    excludeOr: [],
  };
  readonly #keys = new Map<keyof Conditions, Set<string>>();

  /** @throws ConfigError for a key that cannot be read, or is in this list already */
  add(list: keyof Conditions, key: string, pattern: RegExp, place: Place): void {
    const keys = this.#keys.get(list) ?? new Set();
    this.#keys.set(list, keys);
    if (keys.has(key)) {
      throw place.element.error(`duplicate key ${key} ${place.where}`, {
        param: place.param,
        hint: 'join the two patterns to one with |, or put them into <and> or <or>',
      });
    }
    keys.add(key);
    this.conditions[list].push({ field: this.#field(key, place), pattern });
  }

  #field(key: string, { element, param }: Place): PackedField {
    try {
      return packField(parseRecordAccessor(key));
    } catch (error) {
      if (!(error instanceof RecordAccessorError)) throw error;
      throw element.error(error.message, {
        param,
        hint: "write name, $.name.inner or $['name']['inner']",
      });
    }
  }
}
