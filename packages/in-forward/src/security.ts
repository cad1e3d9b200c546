import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ForwardSecurity, type ForwardClientRule } from '@sluice/forward-protocol';
import type { ForwardConfig } from './section.js';

type SecurityConfig = NonNullable<ForwardConfig['security']>;
type ClientConfig = SecurityConfig['clients'][number];

/** A `<client>` whose host has no address, or whose network is none. */
export class ForwardSecurityError extends Error {
  override readonly name = 'ForwardSecurityError';
  readonly code = 'ERR_SLUICE_FORWARD_SECURITY';

  constructor(
    message: string,
    /** The value that cannot be used. */
    readonly value: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Makes the rules of a `<security>` section. Host names of `<client>` are looked up once, here, as
 * in Fluentd, and stand for all their addresses.
 */
export async function forwardSecurity(config: SecurityConfig): Promise<ForwardSecurity> {
  const { selfHostname, sharedKey, userAuth, allowAnonymousSource, users } = config;
  const clients = await Promise.all(config.clients.map(clientRule));
  try {
    return new ForwardSecurity({
      selfHostname,
      sharedKey,
      userAuth,
      users,
      allowAnonymousSource,
      clients,
    });
  } catch (error) {
    const networks = config.clients.flatMap(({ network }) => network ?? []);
    throw new ForwardSecurityError(
      `<client> network: ${(error as Error).message}`,
      networks.join(', '),
      { cause: error },
    );
  }
}

async function clientRule(client: ClientConfig): Promise<ForwardClientRule> {
  const { host, network, sharedKey, users } = client;
  return {
    networks: network === undefined ? await addresses(host ?? '') : [network],
    users,
    ...(sharedKey !== undefined && { sharedKey }),
  };
}

async function addresses(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ForwardSecurityError(`<client> host ${host} does not resolve`, host, {
      cause: error,
    });
  }
}
