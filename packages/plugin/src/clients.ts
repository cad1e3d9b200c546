import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { t, type CheckContext } from '@sluice/config';
import { isNetwork } from '@sluice/server';

/** Whom a `<client>` section of an input is about: one host, or a network. */
export interface Client {
  /** Name or address; looked up when the section is read. Fluentd: `host`. */
  readonly host?: string | undefined;
  /** Network in CIDR notation: `10.0.0.0/8`. Fluentd: `network`. */
  readonly network?: string | undefined;
}

/** The parameters of a `<client>` that say whom it is about, for the sections of inputs. */
export const clientParams = {
  host: t.string().optional().describe('Address or host name of one peer; or network'),
  network: t.string().optional().describe('Network of peers as CIDR, such as 192.168.0.0/16'),
};

/** The check that goes with {@link clientParams}. @throws ConfigError */
export function checkClient({ host, network }: Client, context: CheckContext): void {
  if ((host === undefined) === (network === undefined)) {
    throw context.error(
      host === undefined ? undefined : 'network',
      '<client> needs either host or network',
      host === undefined ? 'add host or network' : 'use one <client> for each',
    );
  }
  if (network === undefined || isNetwork(network)) return;
  throw context.error(
    'network',
    `${JSON.stringify(network)} is not a network`,
    'write an address and a prefix: 192.168.0.0/16',
  );
}

/** A host of `<client>` that has no address. */
export class ClientHostError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'ClientHostError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_CLIENT_HOST';

  constructor(
    /** The name that could not be looked up. */
    readonly host: string,
    options?: ErrorOptions,
  ) {
    super(`<client> host ${host} does not resolve`, options);
  }
}

/**
 * The addresses, or the network, that a `<client>` is about. A host name is looked up once, as in
 * Fluentd, and stands for all its addresses.
 *
 * @throws ClientHostError
 */
export async function clientNetworks({ host, network }: Client): Promise<string[]> {
  if (network !== undefined) return [network];
  if (host === undefined) return [];
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ClientHostError(host, { cause: error });
  }
}
