/** One block of a PEM file. */
export interface PemBlock {
  /** For example `CERTIFICATE` or `ENCRYPTED PRIVATE KEY`. */
  label: string;
  /** The block, from its BEGIN line to its END line. */
  text: string;
  /** Header lines of the old key format, `Proc-Type` and `DEK-Info`. */
  headers: Map<string, string>;
  /** The decoded body; undefined where it is not base64. */
  der: Buffer | undefined;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

/** The PEM blocks of a text, in order; text between blocks is skipped, as OpenSSL does. */
export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(block)].map((match) => {
    const headers = new Map<string, string>();
    const body: string[] = [];
    for (const line of match[2].split(/\r?\n/)) {
      const header = /^([A-Za-z-]+): *(.*)$/.exec(line);
      if (header === null) body.push(line.trim());
      else headers.set(header[1], header[2]);
    }
    return { label: match[1], text: match[0], headers, der: decode(body.join('')) };
  });
}

function decode(base64: string): Buffer | undefined {
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  if (base64.length % 4 !== 0) return undefined;
  return Buffer.from(base64, 'base64');
}

/** Whether the bytes are one DER sequence, whole: tells a cut or overwritten file. */
export function isWholeSequence(der: Buffer): boolean {
  if (der.length < 2 || der[0] !== 0x30) return false;
  const first = der[1];
  if (first < 0x80) return der.length === 2 + first;
  const bytes = first & 0x7f;
  if (bytes === 0 || bytes > 4 || der.length < 2 + bytes) return false;
  return der.length === 2 + bytes + der.readUIntBE(2, bytes);
}
