import { createHash, randomBytes, type KeyObject, type X509Certificate } from 'node:crypto';
import type forgeModule from 'node-forge';
import type { AltName } from '../names.js';
import { Der } from './der.js';
import { signatureAlgorithm, signBytes, type Digest } from './signing.js';

/** What a certificate is for; `peer` means server and client alike. */
export type Usage = 'ca' | 'server' | 'client' | 'peer';

/** Everything that goes into one certificate. */
export interface CertificatePlan {
  usage: Usage;
  /** Attributes in order, for example `['C', 'US']`; values are written as UTF-8. */
  subject: (readonly [string, string])[];
  altNames: AltName[];
  /** Where the CRL of the issuer is to be had. */
  crlUrls: readonly string[];
  notBefore: Date;
  notAfter: Date;
  digest: Digest;
  publicKey: KeyObject;
  /** The key that signs: the CA's, or the certificate's own. */
  signingKey: KeyObject;
  /** The CA's certificate; absent for a self-signed one. */
  issuer?: X509Certificate;
}

// X.509 key usage bits, the first bit of the first byte being digitalSignature.
const digitalSignature = 0x80;
const keyEncipherment = 0x20;
const keyCertSign = 0x04;
const crlSign = 0x02;

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const extendedUsage: Record<Usage, string[]> = {
  ca: [],
  server: [serverAuth],
  client: [clientAuth],
  peer: [serverAuth, clientAuth],
};

/**
 * Builds a certificate as DER. node-forge writes the structure; node:crypto signs it, because forge
 * knows no EC keys and would sign on the event loop.
 */
export async function buildCertificate(plan: CertificatePlan): Promise<Buffer> {
  // Loaded when the first certificate is made: who brings certificates never pays for it.
  const { default: forge } = await import('node-forge');
  const der = new Der(forge);
  const algorithm = signatureAlgorithm(plan.signingKey, plan.digest);
  const identifier = der.sequence(
    der.oid(algorithm.oid),
    ...(algorithm.nullParameters ? [der.null()] : []),
  );
  const subject = distinguishedName(forge, plan.subject);
  const publicKeyInfo = der.parse(plan.publicKey.export({ type: 'spki', format: 'der' }));
  const toBeSigned = der.sequence(
    der.tagged(0, [der.integer(Buffer.of(2))]), // version 3
    der.integer(serialNumber()),
    identifier,
    plan.issuer === undefined ? subject : subjectOf(der, plan.issuer),
    der.sequence(der.time(plan.notBefore), der.time(plan.notAfter)),
    subject,
    publicKeyInfo,
    der.tagged(3, [der.sequence(...extensions(forge, der, plan))]),
  );
  const signature = await signBytes(algorithm, der.encode(toBeSigned), plan.signingKey);
  return der.encode(der.sequence(toBeSigned, identifier, der.bits(signature)));
}

/** 16 random bytes that are a positive, minimally encoded INTEGER (RFC 5280: at most 20). */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  return serial;
}

function distinguishedName(
  forge: typeof forgeModule,
  subject: CertificatePlan['subject'],
): forgeModule.asn1.Asn1 {
  const certificate = forge.pki.createCertificate();
  certificate.setSubject(
    subject.map(([shortName, value]) => ({
      shortName,
      value,
      // countryName is a PrintableString by definition.
      valueTagClass: (shortName === 'C'
        ? forge.asn1.Type.PRINTABLESTRING
        : forge.asn1.Type.UTF8) as unknown as forgeModule.asn1.Class,
    })),
  );
  return forge.pki.distinguishedNameToAsn1(certificate.subject);
}

/** The issuer's subject as it stands in its certificate: names are compared byte by byte. */
function subjectOf(der: Der, issuer: X509Certificate): forgeModule.asn1.Asn1 {
  const toBeSigned = der.item(der.parse(issuer.raw), 0);
  const hasVersion = (der.item(toBeSigned, 0).tagClass as number) !== 0;
  return der.item(toBeSigned, hasVersion ? 5 : 4);
}

function extensions(
  forge: typeof forgeModule,
  der: Der,
  plan: CertificatePlan,
): forgeModule.asn1.Asn1[] {
  const ca = plan.usage === 'ca';
  const own = keyIdentifier(der, plan.publicKey);
  const list = [
    der.extension('2.5.29.19', true, der.sequence(...(ca ? [der.boolean(true)] : []))),
    der.extension('2.5.29.15', true, keyUsage(der, plan)),
    der.extension('2.5.29.14', false, der.octets(own)),
  ];
  const authority = plan.issuer === undefined ? own : issuerKeyIdentifier(der, plan.issuer);
  list.push(der.extension('2.5.29.35', false, der.sequence(der.tagged(0, authority))));
  const purposes = extendedUsage[plan.usage].map((purpose) => der.oid(purpose));
  if (!ca) list.push(der.extension('2.5.29.37', false, der.sequence(...purposes)));
  if (plan.altNames.length > 0) {
    const names = plan.altNames.map(({ type, value }) =>
      type === 'dns'
        ? der.tagged(2, Buffer.from(value, 'latin1'))
        : der.tagged(7, addressBytes(forge, value)),
    );
    list.push(der.extension('2.5.29.17', false, der.sequence(...names)));
  }
  if (plan.crlUrls.length > 0) {
    const urls = plan.crlUrls.map((url) => der.tagged(6, Buffer.from(url, 'latin1')));
    const point = der.sequence(der.tagged(0, [der.tagged(0, urls)]));
    list.push(der.extension('2.5.29.31', false, der.sequence(point)));
  }
  return list;
}

function addressBytes(forge: typeof forgeModule, address: string): Buffer {
  // Missing from forge's types.
  const util = forge.util as unknown as { bytesFromIP(ip: string): string };
  return Buffer.from(util.bytesFromIP(address), 'latin1');
}

function keyUsage(der: Der, plan: CertificatePlan): forgeModule.asn1.Asn1 {
  if (plan.usage === 'ca') return der.bits(Buffer.of(keyCertSign | crlSign), 1);
  // Key transport exists for RSA only.
  return plan.publicKey.asymmetricKeyType === 'rsa'
    ? der.bits(Buffer.of(digitalSignature | keyEncipherment), 5)
    : der.bits(Buffer.of(digitalSignature), 7);
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bit string. An identifier, not a signature. */
function keyIdentifier(der: Der, publicKey: KeyObject): Buffer {
  const info = der.parse(publicKey.export({ type: 'spki', format: 'der' }));
  const bits = Buffer.from(der.item(info, 1).value as string, 'latin1');
  return createHash('sha1').update(bits.subarray(1)).digest();
}

/** The issuer's subjectKeyIdentifier where it has one, else what it would be. */
function issuerKeyIdentifier(der: Der, issuer: X509Certificate): Buffer {
  const toBeSigned = der.item(der.parse(issuer.raw), 0);
  const wanted = der.encode(der.oid('2.5.29.14'));
  for (const field of toBeSigned.value as forgeModule.asn1.Asn1[]) {
    if ((field.tagClass as number) !== 0x80 || (field.type as number) !== 3) continue;
    for (const extension of der.item(field, 0).value as forgeModule.asn1.Asn1[]) {
      const parts = extension.value as forgeModule.asn1.Asn1[];
      if (!der.encode(parts[0]).equals(wanted)) continue;
      // The extension's OCTET STRING holds another one; forge may have parsed it already.
      const content = parts.at(-1)!.value;
      const inner =
        typeof content === 'string' ? der.parse(Buffer.from(content, 'latin1')) : content[0];
      return Buffer.from(inner.value as string, 'latin1');
    }
  }
  return keyIdentifier(der, issuer.publicKey);
}
