import { ForwardSecurity, type ForwardClientRule } from '@sluice/forward-protocol';
import { clientNetworks } from '@sluice/plugin';
import type { ForwardConfig } from './section.js';

type SecurityConfig = NonNullable<ForwardConfig['security']>;
type ClientConfig = SecurityConfig['clients'][number];

/**
 * Makes the rules of a `<security>` section. Host names of `<client>` are looked up once, here, as
 * in Fluentd, and stand for all their addresses.
 *
 * @throws ClientHostError where one does not resolve
 */
export async function forwardSecurity(config: SecurityConfig): Promise<ForwardSecurity> {
  const clients = await Promise.all(config.clients.map(clientRule));
  return new ForwardSecurity({ ...config, clients });
}

async function clientRule(client: ClientConfig): Promise<ForwardClientRule> {
  const { sharedKey, users } = client;
  return {
    networks: await clientNetworks(client),
    users,
    ...(sharedKey !== undefined && { sharedKey }),
  };
}
