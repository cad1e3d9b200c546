/** `192.0.2.1:24224`, `[2001:db8::1]:24224`, or the path of a Unix socket. */
export function formatPeer(address: string, port: number | undefined): string {
  if (port === undefined || address.startsWith('/') || address === '') {
    return `unix:${address}`;
  }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
