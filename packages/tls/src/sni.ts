import { domainToASCII } from 'node:url';
import type { SecureContext } from 'node:tls';

/** Finds the secure context for the name that a client asks for (SNI). */
export class SniTable {
  readonly #exact = new Map<string, SecureContext>();
  readonly #wildcard = new Map<string, SecureContext>();

  /** Serves the context for these names; the first context to claim a name keeps it. */
  add(names: readonly string[], context: SecureContext): void {
    for (const name of names) {
      const wildcard = name.startsWith('*.');
      const key = normalize(wildcard ? name.slice(2) : name);
      const table = wildcard ? this.#wildcard : this.#exact;
      if (!table.has(key)) table.set(key, context);
    }
  }

  /** An exact name, else a wildcard for exactly one label, else undefined: the main certificate. */
  find(serverName: string): SecureContext | undefined {
    const name = normalize(serverName);
    const dot = name.indexOf('.');
    return this.#exact.get(name) ?? (dot < 0 ? undefined : this.#wildcard.get(name.slice(dot + 1)));
  }
}

function normalize(name: string): string {
  return (domainToASCII(name) || name.toLowerCase()).replace(/\.$/, '');
}
