import { isIPv4, isIPv6 } from 'node:net';
import { ProxyHeaderError } from '../errors.js';

/** What a PROXY protocol header says. */
export interface ProxyHeader {
  /** Bytes of the header. */
  length: number;
  /** 1 is text, 2 is binary. */
  version: 1 | 2;
  /** The client; undefined for `UNKNOWN` and `LOCAL`, where the connection's own address counts. */
  source:
    | {
        /** IPv4 or IPv6. */
        address: string;
        /** 0 to 65535. */
        port: number;
      }
    | undefined;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const longestText = 107; // the specification's limit for version 1, CRLF included
const longestBinary = 16 + 4096; // addresses and a generous number of TLVs

/**
 * Reads the header at the beginning of `bytes`, version 1 (text) or 2 (binary).
 *
 * @returns undefined where more bytes are needed
 * @throws ProxyHeaderError as soon as the bytes cannot become a header any more
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const seen = Math.min(bytes.length, signature.length);
  if (seen === 0) return undefined;
  if (bytes.subarray(0, seen).equals(signature.subarray(0, seen))) {
    return seen < signature.length ? undefined : parseBinary(bytes);
  }
  if ('PROXY '.startsWith(bytes.toString('latin1', 0, Math.min(bytes.length, 6)))) {
    return parseText(bytes);
  }
  throw new ProxyHeaderError('the connection does not begin with a PROXY header');
}

function parseText(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.indexOf('\r\n');
  if (end < 0 ? bytes.length >= longestText : end + 2 > longestText) {
    throw new ProxyHeaderError(`a version 1 header is at most ${longestText} bytes`);
  }
  if (end < 0) return undefined;
  const length = end + 2;
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] =
    bytes.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { length, version: 1, source: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined) throw new ProxyHeaderError('unknown protocol in the header');
  if (!isAddress(source) || !isAddress(destination) || rest.length > 0) {
    throw new ProxyHeaderError('broken addresses in the header');
  }
  portOf(destinationPort);
  return { length, version: 1, source: { address: source, port: portOf(sourcePort) } };
}

function portOf(text: string): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(text) || Number(text) > 65535) {
    throw new ProxyHeaderError('broken port in the header');
  }
  return Number(text);
}

function parseBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < 16) return undefined;
  const versionAndCommand = bytes[12];
  const family = bytes[13];
  const size = bytes.readUInt16BE(14);
  const length = 16 + size;
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== 2 || command > 1) {
    throw new ProxyHeaderError('unknown version or command in the header');
  }
  if (length > longestBinary) throw new ProxyHeaderError(`the header has ${length} bytes`);
  if (bytes.length < length) return undefined;
  if (command === 0) return { length, version: 2, source: undefined }; // LOCAL: a health check
  if (family === 0x11) {
    if (size < 12) throw new ProxyHeaderError('the header is too short for IPv4');
    const address = bytes.subarray(16, 20).join('.');
    return { length, version: 2, source: { address, port: bytes.readUInt16BE(24) } };
  }
  if (family === 0x21) {
    if (size < 36) throw new ProxyHeaderError('the header is too short for IPv6');
    const groups: string[] = [];
    for (let at = 16; at < 32; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
    const address = compress(groups.join(':'));
    return { length, version: 2, source: { address, port: bytes.readUInt16BE(48) } };
  }
  // AF_UNSPEC, Unix and datagram families: to be accepted, with the connection's own address.
  return { length, version: 2, source: undefined };
}

/** The canonical form, so that an address is written in one way only. */
function compress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
