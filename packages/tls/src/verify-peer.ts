import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { isSelfSigned, oneLineName } from './certificates.js';
import type { VerifyCallback } from './options.js';
import { peerChain, validityCode, verifySteps, type VerifyStep } from './peer-chain.js';
import { verifyText } from './verify-codes.js';

/** The peer is accepted. */
export interface PeerAccepted {
  /** It may stay. */
  readonly ok: true;
}

/** The peer is refused, and why. */
export interface PeerRefused {
  /** It has to go. */
  readonly ok: false;
  /** In words, for the log. */
  readonly reason: string;
  /** As Node or OpenSSL names it (`CERT_HAS_EXPIRED`), or `NO_PEER_CERTIFICATE` and the like. */
  readonly code: string;
  /** Which certificate of the chain; 0 is the peer's own. */
  readonly depth?: number;
  /** That certificate's subject on one line. */
  readonly subject?: string;
}

/** What became of a peer's certificate. */
export type PeerVerdict = PeerAccepted | PeerRefused;

/** The verdict of all peers that are accepted. */
export const accepted: PeerAccepted = Object.freeze({ ok: true });

/** How peers are verified. */
export interface PeerPolicy {
  /** Trusted certificates, PEM. */
  ca: readonly string[];
  allowSelfSigned: boolean;
  verifier?: VerifyCallback | undefined;
  /** Milliseconds for one call of the verifier. */
  verifierTimeout: number;
}

/** Refuses a peer; certificate and depth, where one is to blame. */
export function refuse(code: string, step?: VerifyStep, more?: string): PeerRefused {
  const reason = more === undefined ? verifyText(code) : `${verifyText(code)}: ${more}`;
  if (step === undefined) return { ok: false, reason, code };
  const subject = oneLineName(step.certificate.subject);
  return { ok: false, reason, code, depth: step.depth, subject };
}

/** Verifies peers by one policy; made once per set of trusted certificates. */
export class PeerVerifier {
  readonly #policy: PeerPolicy;
  #parsed: X509Certificate[] | undefined;

  constructor(policy: PeerPolicy) {
    this.#policy = policy;
  }

  /** The verdict about a connected peer; a promise only where a verifier is asynchronous. */
  verify(socket: TLSSocket): PeerVerdict | Promise<PeerVerdict> {
    const leaf = socket.getPeerCertificate() as PeerCertificate | null;
    // Asked first: Node calls a TLS 1.3 session authorized that was resumed without a certificate.
    if (leaf?.raw === undefined) return refuse('NO_PEER_CERTIFICATE');
    const error = this.#errorOf(socket, leaf);
    const { verifier } = this.#policy;
    if (error === undefined && verifier === undefined) return accepted;
    const trusted = (): X509Certificate[] => this.#trusted();
    const steps = verifySteps(peerChain(socket, trusted), error, trusted);
    if (verifier === undefined) {
      const step = steps.find(({ code }) => code === error) ?? steps.find(isFault);
      return refuse(error!, step);
    }
    if (error === undefined || !this.#policy.allowSelfSigned) return this.#ask(verifier, steps, 0);
    const rest = steps.map((step) =>
      step.code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ? { ...step, code: 'OK' } : step,
    );
    return this.#ask(verifier, rest, 0);
  }

  #errorOf(socket: TLSSocket, leaf: PeerCertificate): string | undefined {
    // A resumed session carries the verdict of its first handshake, so time is checked again.
    const late = validityCode(leaf.valid_from, leaf.valid_to);
    if (socket.authorized) return late;
    const code = String(socket.authorizationError);
    if (code !== 'DEPTH_ZERO_SELF_SIGNED_CERT' || !this.#policy.allowSelfSigned) return code;
    return late ?? (isSelfSigned(new X509Certificate(leaf.raw)) ? undefined : code);
  }

  // Parsed when first needed: most servers only ever see peers that OpenSSL accepts.
  #trusted(): X509Certificate[] {
    this.#parsed ??= this.#policy.ca.map((pem) => new X509Certificate(pem));
    return this.#parsed;
  }

  #ask(
    verifier: VerifyCallback,
    steps: readonly VerifyStep[],
    from: number,
  ): PeerVerdict | Promise<PeerVerdict> {
    const chain = steps
      .filter(({ depth }, index) => depth !== steps[index + 1]?.depth)
      .map(({ certificate }) => certificate)
      .reverse();
    for (let index = from; index < steps.length; index += 1) {
      const step = steps[index];
      let answer: unknown;
      try {
        answer = verifier(!isFault(step), {
          chain,
          currentCertificate: step.certificate,
          depth: step.depth,
          errorCode: step.code,
          errorText: verifyText(step.code),
        });
      } catch (error) {
        return failed(step, error);
      }
      // Any object may be a promise; awaiting another one gives the object itself, which is not true.
      if (typeof answer === 'object' && answer !== null) {
        return this.#wait(answer, step).then((verdict) =>
          verdict.ok ? this.#ask(verifier, steps, index + 1) : verdict,
        );
      }
      if (answer !== true) return refusedBy(step);
    }
    return accepted;
  }

  async #wait(answer: unknown, step: VerifyStep): Promise<PeerVerdict> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<PeerVerdict>((resolve) => {
      timer = setTimeout(
        () => resolve(refuse('CERT_VERIFIER_TIMEOUT', step)),
        this.#policy.verifierTimeout,
      );
    });
    const verdict = Promise.resolve(answer).then(
      (value) => (value === true ? accepted : refusedBy(step)),
      (error: unknown) => failed(step, error),
    );
    try {
      return await Promise.race([verdict, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isFault({ code }: VerifyStep): boolean {
  return code !== 'OK';
}

// A verifier that hands a standard error on refuses for that reason.
function refusedBy(step: VerifyStep): PeerRefused {
  return isFault(step) ? refuse(step.code, step) : refuse('CERT_VERIFIER_REFUSED', step);
}

function failed(step: VerifyStep, error: unknown): PeerRefused {
  return refuse(
    'CERT_VERIFIER_FAILED',
    step,
    error instanceof Error ? error.message : String(error),
  );
}
