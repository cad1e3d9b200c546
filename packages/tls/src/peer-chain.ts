import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { isSelfSigned } from './certificates.js';

/** Longest chain that is looked at, as in OpenSSL's default. */
const longestChain = 100;

/** One thing to tell a verifier: a certificate, and what is wrong with it, or `OK`. */
export interface VerifyStep {
  depth: number;
  certificate: X509Certificate;
  code: string;
}

/**
 * The peer's chain, leaf first: what it sent, in order, completed from the trusted certificates.
 * Empty where the peer sent none.
 *
 * Taken by `getPeerCertificate`, since in Node 20 to 24 `getPeerX509Certificate` uses the chain up:
 * a second caller would find it cut, or gone.
 */
export function peerChain(
  socket: TLSSocket,
  trusted: () => readonly X509Certificate[],
): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < longestChain) {
    const certificate = new X509Certificate(next.raw);
    if (chain.at(-1)?.raw.equals(certificate.raw) === true) break; // a root is its own issuer
    chain.push(certificate);
    next = next.issuerCertificate;
  }
  // Node gives no trusted issuers where SNI chose the context.
  while (chain.length > 0 && chain.length < longestChain) {
    const top = chain.at(-1)!;
    if (isSelfSigned(top)) break;
    const issuer = trusted().find(
      (candidate) => top.checkIssued(candidate) && top.verify(candidate.publicKey),
    );
    if (issuer === undefined) break;
    chain.push(issuer);
  }
  return chain;
}

/** `CERT_NOT_YET_VALID`, `CERT_HAS_EXPIRED` or undefined. */
export function validityCode(validFrom: string, validTo: string): string | undefined {
  const now = Date.now();
  if (now < Date.parse(validFrom)) return 'CERT_NOT_YET_VALID';
  if (now >= Date.parse(validTo)) return 'CERT_HAS_EXPIRED';
  return undefined;
}

/**
 * What OpenSSL would have called its verify_callback with, from the root to the leaf. Node reports
 * only the last error of a chain; the others (who issued it, is it in its time) are found again, so
 * that a verifier that forgives one error does not forgive another one unseen.
 *
 * @param error what Node says about the chain, undefined where it is good.
 */
export function verifySteps(
  chain: readonly X509Certificate[],
  error: string | undefined,
  trusted: () => X509Certificate[],
): VerifyStep[] {
  const errors = new Map<number, Set<string>>();
  const add = (depth: number, code: string): void => {
    const at = errors.get(depth) ?? new Set<string>();
    errors.set(depth, at.add(code));
  };
  // A good chain ends at a root. Node 24.x and 26.8 to 26.9 keep the intermediates that a client
  // sends from the server (nodejs/node#65579): no verifier may take a part for the whole.
  if (error === undefined && !isSelfSigned(chain.at(-1)!)) {
    add(chain.length - 1, 'CERT_CHAIN_INCOMPLETE');
  }
  if (error !== undefined) {
    const untrusted = trustCode(chain, trusted());
    if (untrusted !== undefined) add(chain.length - 1, untrusted);
    for (const [depth, certificate] of chain.entries()) {
      const code = validityCode(certificate.validFrom, certificate.validTo);
      if (code !== undefined) add(depth, code);
      if (depth > 0 && !certificate.ca) add(depth, 'INVALID_CA');
    }
    // UNABLE_TO_VERIFY_LEAF_SIGNATURE and friends say again that the issuer is unknown.
    const known = [...errors.values()].some((codes) => codes.has(error));
    const again = trustCodes.has(error) && untrusted !== undefined;
    if (!known && !again) add(0, error);
  }
  const steps: VerifyStep[] = [];
  for (let depth = chain.length - 1; depth >= 0; depth -= 1) {
    for (const code of errors.get(depth) ?? ['OK']) {
      steps.push({ depth, certificate: chain[depth], code });
    }
  }
  return steps;
}

const trustCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function trustCode(
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): string | undefined {
  const top = chain.at(-1)!;
  if (!isSelfSigned(top)) {
    return chain.length === 1
      ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
      : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
  }
  if (trusted.some((certificate) => certificate.raw.equals(top.raw))) return undefined;
  return chain.length === 1 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN';
}
