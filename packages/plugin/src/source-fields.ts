/** What a connection and a datagram both know of who sent them. */
export interface Peer {
  /** Its address, without the port. */
  readonly remoteAddr: string;
  /** Its name; the address where it has none. */
  resolveRemoteHost(): string | Promise<string>;
}

/** The fields that tell in each record where it came from. */
export interface SourceKeys {
  /** Field that gets the peer's address. Fluentd: `source_address_key`. */
  readonly sourceAddressKey?: string | undefined;
  /** Field that gets the peer's name. Fluentd: `source_hostname_key`. */
  readonly sourceHostnameKey?: string | undefined;
}

/**
 * The peer's address and name as fields of a record.
 *
 * @returns a promise while the peer's name is being looked up, which never rejects; undefined where
 *   no field is asked for
 */
export function sourceFields(
  peer: Peer,
  { sourceAddressKey, sourceHostnameKey }: SourceKeys,
): Record<string, string> | Promise<Record<string, string>> | undefined {
  if (sourceAddressKey === undefined && sourceHostnameKey === undefined) return undefined;
  const fields: Record<string, string> = {};
  if (sourceAddressKey !== undefined) fields[sourceAddressKey] = peer.remoteAddr;
  if (sourceHostnameKey === undefined) return fields;
  const name = peer.resolveRemoteHost();
  if (typeof name === 'string') return { ...fields, [sourceHostnameKey]: name };
  return name.then((host) => ({ ...fields, [sourceHostnameKey]: host }));
}
