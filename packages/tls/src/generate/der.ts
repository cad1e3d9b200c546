import type forgeModule from 'node-forge';

type Forge = typeof forgeModule;
type Asn1 = forgeModule.asn1.Asn1;

/** The few DER shapes that a certificate is made of, on top of node-forge's ASN.1 encoder. */
export class Der {
  readonly #asn1: Forge['asn1'];

  constructor(forge: Forge) {
    this.#asn1 = forge.asn1;
  }

  sequence(...items: Asn1[]): Asn1 {
    const { Class, Type } = this.#asn1;
    return this.#asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
  }

  oid(oid: string): Asn1 {
    return this.#primitive(this.#asn1.Type.OID, this.#asn1.oidToDer(oid).getBytes());
  }

  null(): Asn1 {
    return this.#primitive(this.#asn1.Type.NULL, '');
  }

  boolean(value: boolean): Asn1 {
    return this.#primitive(this.#asn1.Type.BOOLEAN, value ? '\xff' : '\0');
  }

  /** An INTEGER of the bytes as they are: they have to be minimal two's complement. */
  integer(bytes: Buffer): Asn1 {
    return this.#primitive(this.#asn1.Type.INTEGER, bytes.toString('latin1'));
  }

  octets(bytes: Buffer | Asn1): Asn1 {
    const content = Buffer.isBuffer(bytes) ? bytes : this.encode(bytes);
    return this.#primitive(this.#asn1.Type.OCTETSTRING, content.toString('latin1'));
  }

  bits(bytes: Buffer, unused = 0): Asn1 {
    const content = String.fromCharCode(unused) + bytes.toString('latin1');
    return this.#primitive(this.#asn1.Type.BITSTRING, content);
  }

  /** RFC 5280: UTCTime through 2049, GeneralizedTime from 2050. */
  time(date: Date): Asn1 {
    const { Type } = this.#asn1;
    return date.getUTCFullYear() < 2050
      ? this.#primitive(Type.UTCTIME, this.#asn1.dateToUtcTime(date))
      : this.#primitive(Type.GENERALIZEDTIME, this.#asn1.dateToGeneralizedTime(date));
  }

  /** A context-specific tag, `[n]`, around other items or on raw bytes. */
  tagged(tag: number, content: Asn1[] | Buffer): Asn1 {
    const constructed = Array.isArray(content);
    const value = constructed ? content : content.toString('latin1');
    // forge's types know the universal tag numbers only.
    const create = this.#asn1.create as (...args: [number, number, boolean, unknown]) => Asn1;
    return create(this.#asn1.Class.CONTEXT_SPECIFIC, tag, constructed, value);
  }

  /** An X.509 extension. */
  extension(oid: string, critical: boolean, value: Asn1): Asn1 {
    const flags = critical ? [this.boolean(true)] : [];
    return this.sequence(this.oid(oid), ...flags, this.octets(value));
  }

  parse(der: Buffer): Asn1 {
    // Bit strings stay bytes, so that what is parsed is written again byte for byte.
    return this.#asn1.fromDer(der.toString('latin1'), { decodeBitStrings: false } as never);
  }

  encode(value: Asn1): Buffer {
    return Buffer.from(this.#asn1.toDer(value).getBytes(), 'latin1');
  }

  /** The n-th item of a constructed value. */
  item(value: Asn1, index: number): Asn1 {
    return (value.value as Asn1[])[index];
  }

  #primitive(type: forgeModule.asn1.Type, bytes: string): Asn1 {
    return this.#asn1.create(this.#asn1.Class.UNIVERSAL, type, false, bytes);
  }
}
