import { lookup } from 'node:dns/promises';
import { isIP, isIPv4 } from 'node:net';

/** A host of `<client>` that has no address. */
export class ClientHostError extends Error {
  override readonly name = 'ClientHostError';
  readonly code = 'ERR_SLUICE_CLIENT_HOST';

  constructor(
    readonly host: string,
    options?: ErrorOptions,
  ) {
    super(`<client> host ${host} does not resolve`, options);
  }
}

/** Whether the text is an address or a network as CIDR. */
export function isNetwork(text: string): boolean {
  const [address, prefix, ...more] = text.split('/');
  if (isIP(address) === 0 || more.length > 0) return false;
  if ((prefix as string | undefined) === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128);
}

/**
 * The networks of `<client>` sections. Host names are looked up once, as in Fluentd, and stand for
 * all their addresses.
 *
 * @throws ClientHostError
 */
export async function clientNetworks(
  clients: readonly { host?: string | undefined; network?: string | undefined }[],
): Promise<string[]> {
  const networks = await Promise.all(
    clients.map(async ({ host, network }) =>
      network === undefined ? addresses(host!) : [network],
    ),
  );
  return networks.flat();
}

async function addresses(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ClientHostError(host, { cause: error });
  }
}
