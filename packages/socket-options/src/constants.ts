/**
 * The numbers of socket options, one row per option and one column per platform.
 *
 * Sources: Linux `include/uapi/asm-generic/socket.h`, `uapi/linux/tcp.h`, `uapi/linux/in.h` and
 * `in6.h` (the generic numbers are those of x64 and arm64, and of riscv64 and loong64); macOS
 * (xnu) and FreeBSD `sys/sys/socket.h` (xnu `bsd/sys/socket.h`), `netinet/tcp.h`, `netinet/in.h`
 * and `netinet6/in6.h`.
 */

/** How a value looks in memory. */
export type ValueKind = 'int' | 'boolean' | 'linger' | 'timeval' | 'string';

/** Where one option is on one platform: its level and its number there. */
type Place = readonly [level: number, number: number] | undefined;

type Row = readonly [kind: ValueKind, linux: Place, darwin: Place, freebsd: Place];

const IP = 0;
const TCP = 6;
const IPV6 = 41;
const LINUX_SOCKET = 1;
const BSD_SOCKET = 0xffff;

/** An option of SOL_SOCKET, where macOS and FreeBSD mostly share 4.4BSD's numbers. */
function socket(
  kind: ValueKind,
  linux: number | undefined,
  darwin: number | undefined,
  freebsd = darwin,
): Row {
  return [
    kind,
    linux === undefined ? undefined : [LINUX_SOCKET, linux],
    darwin === undefined ? undefined : [BSD_SOCKET, darwin],
    freebsd === undefined ? undefined : [BSD_SOCKET, freebsd],
  ];
}

/** An option of a level that has the same number on all platforms. */
function at(level: number) {
  return (kind: ValueKind, linux?: number, darwin?: number, freebsd?: number): Row => [
    kind,
    linux === undefined ? undefined : [level, linux],
    darwin === undefined ? undefined : [level, darwin],
    freebsd === undefined ? undefined : [level, freebsd],
  ];
}

const tcp = at(TCP);
const ip = at(IP);
const ipv6 = at(IPV6);

const table = {
  //                      Linux      macOS      FreeBSD
  SO_REUSEADDR: socket('boolean', 2, 0x0004),
  SO_TYPE: socket('int', 3, 0x1008),
  SO_ERROR: socket('int', 4, 0x1007),
  SO_BROADCAST: socket('boolean', 6, 0x0020),
  SO_SNDBUF: socket('int', 7, 0x1001),
  SO_RCVBUF: socket('int', 8, 0x1002),
  SO_KEEPALIVE: socket('boolean', 9, 0x0008),
  SO_OOBINLINE: socket('boolean', 10, 0x0100),
  SO_PRIORITY: socket('int', 12, undefined),
  // macOS counts SO_LINGER in clock ticks; 0x1080 is its SO_LINGER_SEC.
  SO_LINGER: socket('linger', 13, 0x1080, 0x0080),
  // FreeBSD shares out connections with SO_REUSEPORT_LB; its SO_REUSEPORT (0x200) does not.
  SO_REUSEPORT: socket('boolean', 15, 0x0200, 0x10000),
  SO_RCVLOWAT: socket('int', 18, 0x1004),
  SO_RCVTIMEO: socket('timeval', 20, 0x1006),
  SO_SNDTIMEO: socket('timeval', 21, 0x1005),
  SO_BINDTODEVICE: socket('string', 25, undefined),
  SO_ACCEPTCONN: socket('boolean', 30, 0x0002),
  SO_MARK: socket('int', 36, undefined),
  SO_BUSY_POLL: socket('int', 46, undefined),
  SO_INCOMING_CPU: socket('int', 49, undefined),
  TCP_NODELAY: tcp('boolean', 1, 1, 1),
  TCP_MAXSEG: tcp('int', 2, 2, 2),
  TCP_CORK: tcp('boolean', 3, undefined, undefined),
  TCP_NOPUSH: tcp('boolean', undefined, 4, 4),
  TCP_KEEPIDLE: tcp('int', 4, 0x10 /* named TCP_KEEPALIVE there */, 0x100),
  TCP_KEEPINTVL: tcp('int', 5, 0x101, 0x200),
  TCP_KEEPCNT: tcp('int', 6, 0x102, 0x400),
  TCP_SYNCNT: tcp('int', 7, undefined, undefined),
  TCP_LINGER2: tcp('int', 8, undefined, undefined),
  TCP_DEFER_ACCEPT: tcp('int', 9, undefined, undefined),
  TCP_QUICKACK: tcp('boolean', 12, undefined, undefined),
  TCP_CONGESTION: tcp('string', 13, undefined, 64),
  TCP_USER_TIMEOUT: tcp('int', 18, undefined, undefined),
  TCP_FASTOPEN: tcp('int', 23, 0x105, 0x401),
  TCP_NOTSENT_LOWAT: tcp('int', 25, 0x201, undefined),
  IP_TOS: ip('int', 1, 3, 3),
  IP_TTL: ip('int', 2, 4, 4),
  IPV6_UNICAST_HOPS: ipv6('int', 16, 4, 4),
  IPV6_V6ONLY: ipv6('boolean', 26, 27, 27),
  IPV6_TCLASS: ipv6('int', 67, 36, 61),
} as const satisfies Record<string, Row>;

/** The options that {@link getSocketOption} knows, as the manual pages name them. */
export type KernelOptionName = keyof typeof table;

export const kernelOptionNames = Object.keys(table) as readonly KernelOptionName[];

/** One option of this platform. */
export interface KernelOption {
  readonly name: KernelOptionName;
  readonly kind: ValueKind;
  readonly level: number;
  readonly number: number;
}

/** The byte of a TCP connection's state, the first of what this option gives. */
export interface StateOption {
  readonly level: number;
  readonly number: number;
  /** States in which our data and our FIN have been acknowledged: FIN-WAIT-2 and after. */
  readonly taken: readonly number[];
}

/** How the kernel tells how many bytes a peer has not acknowledged. */
export type QueueQuestion =
  { readonly ioctl: number } | { readonly level: number; readonly number: number };

export interface Platform {
  readonly options: ReadonlyMap<KernelOptionName, KernelOption>;
  readonly state: StateOption;
  readonly queue: QueueQuestion;
  readonly nonblockFlag: number;
}

// States: Linux include/net/tcp_states.h; BSD netinet/tcp_fsm.h. Queue: Linux SIOCOUTQ
// (linux/sockios.h), macOS SO_NWRITE, FreeBSD FIONWRITE (sys/filio.h). Flags: fcntl.h.
const platforms: Readonly<Record<string, Omit<Platform, 'options'> & { column: 1 | 2 | 3 }>> = {
  linux: {
    column: 1,
    state: { level: TCP, number: 11 /* TCP_INFO */, taken: [5, 6, 7] },
    queue: { ioctl: 0x5411 },
    nonblockFlag: 0x800,
  },
  darwin: {
    column: 2,
    state: { level: TCP, number: 0x106 /* TCP_CONNECTION_INFO */, taken: [0, 9, 10] },
    queue: { level: BSD_SOCKET, number: 0x1024 },
    nonblockFlag: 0x4,
  },
  freebsd: {
    column: 3,
    state: { level: TCP, number: 32 /* TCP_INFO */, taken: [0, 9, 10] },
    queue: { ioctl: 0x40046677 },
    nonblockFlag: 0x4,
  },
};

/** Little-endian, with a 64-bit `long`: what the layout of `timeval` counts on (tv_usec may have 4 bytes or 8). */
const architectures = ['x64', 'arm64', 'riscv64', 'loong64'];

/**
 * The numbers for a platform, as `process.platform` and `process.arch` name it; undefined where
 * the table has none.
 */
export function platformTable(
  platform: string = process.platform,
  arch: string = process.arch,
): Platform | undefined {
  const found = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined;
  if (found === undefined || !architectures.includes(arch)) return undefined;
  const options = new Map<KernelOptionName, KernelOption>();
  for (const name of kernelOptionNames) {
    const row: Row = table[name];
    const place = row[found.column];
    if (place !== undefined) {
      options.set(name, { name, kind: row[0], level: place[0], number: place[1] });
    }
  }
  const { state, queue, nonblockFlag } = found;
  return { options, state, queue, nonblockFlag };
}
