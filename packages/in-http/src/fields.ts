/** Fields of a form or a query; values are bytes, as MessagePack may be among them. */
export type Fields = Map<string, Buffer>;

/** The most fields that are looked at: no log event has more. */
const mostFields = 1000;
const plus = 0x2b;
const percent = 0x25;
const space = 0x20;

/** Decodes `application/x-www-form-urlencoded` into the fields; of equal names the last one counts. */
export function addForm(fields: Fields, text: Buffer): void {
  let start = 0;
  for (let count = 0; start <= text.length && count < mostFields; count++) {
    const end = text.indexOf('&', start);
    const pair = text.subarray(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length + 1 : end + 1;
    if (pair.length === 0) continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.subarray(0, equals)).toString('utf8');
    fields.set(name, equals < 0 ? Buffer.alloc(0) : decode(pair.subarray(equals + 1)));
  }
}

function decode(text: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(text.length);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    let byte = text[at];
    if (byte === plus) byte = space;
    else if (byte === percent) {
      const high = hexDigit(text[at + 1]);
      const low = hexDigit(text[at + 2]);
      // A percent sign that begins nothing stands for itself.
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[end++] = byte;
  }
  return bytes.subarray(0, end);
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The boundary that a `multipart/form-data` names; undefined where it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  return match === null ? undefined : match[1] || match[2];
}

/** Decodes `multipart/form-data` into the fields. @returns false where it is broken */
export function addMultipart(fields: Fields, body: Buffer, boundary: string): boolean {
  const mark = Buffer.from(`--${boundary}`);
  let at = body.indexOf(mark);
  for (let count = 0; at >= 0 && count < mostFields; count++) {
    const start = at + mark.length;
    if (body.toString('latin1', start, start + 2) === '--') return true;
    if (body.toString('latin1', start, start + 2) !== '\r\n') return false;
    const end = body.indexOf(Buffer.from(`\r\n--${boundary}`), start);
    if (end < 0) return false;
    const part = body.subarray(start, end);
    const blank = part.indexOf('\r\n\r\n');
    if (blank < 0) return false;
    const head = part.toString('utf8', 0, blank);
    const name = /^content-disposition:.*?;\s*name="([^"]*)"/im.exec(head)?.[1];
    if (name !== undefined) fields.set(name, part.subarray(blank + 4));
    at = end + 2;
  }
  return false;
}
