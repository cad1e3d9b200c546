// A `cert_verifier` that lets clients in by the common name of their certificate. Copy it, put in
// your names, and name the file in the configuration:
//
//   <transport tls>
//     client_cert_auth true
//     ca_path /path/to/ca.pem
//     cert_verifier /path/to/cn-verifier.mjs
//   </transport>

class CommonNameVerifier {
  // Put the common names of your clients here.
  #allowed = new Set(['fluentd', 'fluentd-client', 'other-org']);

  /**
   * Called for each certificate of a client's chain, from the root to the client's own.
   *
   * @param {boolean} ok what the standard checks say about the certificate
   * @param {import('@sluice/tls').VerifyContext} context
   */
  call(ok, context) {
    // What is returned replaces `ok`: without this line an untrusted certificate would do.
    if (!ok) return false;
    // Only the client's own certificate has to be on the list, not its issuers.
    if (context.depth > 0) return true;
    const { CN } = context.currentCertificate.toLegacyObject().subject;
    return typeof CN === 'string' && this.#allowed.has(CN);
  }
}

export default new CommonNameVerifier();
