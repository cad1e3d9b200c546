/** What a configuration has to say for a server that asks for it, by the code of the error. */
const REMEDIES: Readonly<Record<string, string>> = {
  ERR_SLUICE_FORWARD_KEY_NEEDED: 'set <security>',
  ERR_SLUICE_FORWARD_TLS_NEEDED: 'set transport tls',
  ERR_SLUICE_FORWARD_NO_TLS: 'check transport tls',
  ERR_SLUICE_FORWARD_CERTIFICATE_NEEDED: 'set tls_client_cert_path and tls_client_private_key_path',
};

/** What is wrong with a server, and which parameters would mend it. */
export function explain(error: Error): string {
  const remedy = REMEDIES[(error as { code?: string }).code ?? ''] as string | undefined;
  return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
}
