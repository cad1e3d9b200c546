import { speaksTls, targetOf } from '@sluice/forward-client';
import type { SenderChoice } from './sender-flags.js';

/** Seconds to find out whether a server that closed the connection speaks TLS. */
const probeTimeout = 2;

/** What to say on the command line to a server that asks for it, by the code of the error. */
const remedies: Readonly<Record<string, string>> = {
  ERR_SLUICE_FORWARD_KEY_NEEDED: '--shared-key',
  ERR_SLUICE_FORWARD_TLS_NEEDED: '--tls',
  ERR_SLUICE_FORWARD_NO_TLS: 'leave out --tls',
  ERR_SLUICE_FORWARD_CERTIFICATE_NEEDED: '--cert and --key',
};
/** How a server that speaks TLS, or another protocol, ends a plain connection. */
const silentEnds: readonly unknown[] = ['ERR_SLUICE_FORWARD_CLOSED', 'ECONNRESET', 'EPIPE'];

/** What went wrong, and which option would mend it. */
export async function explain(error: Error, options: SenderChoice): Promise<string> {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (options.tls === undefined && silentEnds.includes(code)) {
    const tls = await speaksTls(targetOf(options.sender), probeTimeout);
    if (tls) return 'the server speaks TLS: --tls';
  }
  const remedy = remedies[code] as string | undefined;
  return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
}
