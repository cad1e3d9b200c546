/** One server's statistics, as plain numbers. Bytes of TLS are those of its contents. */
export interface ServerStatistics {
  /** The server's name. */
  title: string;
  /** What it listens for. */
  protocol: 'tcp' | 'tls' | 'udp' | 'unix';
  /** Connections let in; those refused are counted beside them. */
  accepted: number;
  /** Connections that are open now, handshakes included. */
  open: number;
  /** Connections turned away before any data callback, by reason. */
  refused: Record<string, number>;
  /** Connections ended by the helper (limits, failing callbacks), by reason. */
  aborted: Record<string, number>;
  /** TLS handshakes that failed, by reason. */
  handshakeFailures: Record<string, number>;
  /** Bytes received. */
  bytesIn: number;
  /** Bytes handed to the kernel. */
  bytesOut: number;
  /** Datagrams received (UDP). */
  datagramsIn: number;
  /** Datagrams sent (UDP). */
  datagramsOut: number;
  /** Datagrams cut to `maxBytes` (UDP). */
  datagramsTruncated: number;
  /** Datagrams not given to the callback, by reason (UDP). */
  datagramsDropped: Record<string, number>;
}

/** Counts by reason: made when the first is counted. */
export function count(table: Record<string, number>, reason: string): void {
  table[reason] = (table[reason] ?? 0) + 1;
}

/** @internal */
export function newStatistics(
  title: string,
  protocol: ServerStatistics['protocol'],
): ServerStatistics {
  return {
    title,
    protocol,
    accepted: 0,
    open: 0,
    refused: {},
    aborted: {},
    handshakeFailures: {},
    bytesIn: 0,
    bytesOut: 0,
    datagramsIn: 0,
    datagramsOut: 0,
    datagramsTruncated: 0,
    datagramsDropped: {},
  };
}

/** A copy that does not change any more. @internal */
export function snapshot(statistics: ServerStatistics): ServerStatistics {
  return {
    ...statistics,
    refused: { ...statistics.refused },
    aborted: { ...statistics.aborted },
    handshakeFailures: { ...statistics.handshakeFailures },
    datagramsDropped: { ...statistics.datagramsDropped },
  };
}
