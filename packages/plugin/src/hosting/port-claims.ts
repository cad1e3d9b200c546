import type { ConfigElement } from '@sluice/config';
import type { ClaimPort } from './plugin-maker.js';

const wildcards = ['', '0.0.0.0', '::'];

/** Remembers who is going to listen where, so that two plugins with one port are found. */
export class PortClaims {
  readonly #claims = new Map<string, { bind: string; element: ConfigElement }[]>();

  /** Takes a place to listen, and gives the section of who has it already. */
  readonly claim: ClaimPort = (protocol, port, bind, element) => {
    const key = `${protocol} ${port}`;
    const others = this.#claims.get(key) ?? [];
    this.#claims.set(key, [...others, { bind, element }]);
    const meets = (other: string): boolean =>
      other === bind || wildcards.includes(other) || wildcards.includes(bind);
    return others.find((other) => meets(other.bind))?.element;
  };
}
