import { connect } from 'node:net';
import { speaksTls, targetOf, type Target } from '@sluice/forward-client';
import type { SenderChoice } from './sender-flags.js';

/** Seconds to find out what a server that closed the connection wants. */
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
    const target = targetOf(options.sender);
    if (await speaksTls(target, probeTimeout)) return 'the server speaks TLS: --tls';
    // Its greeting may be lost in the reset that answers events without a key.
    if (options.sender.handshake === undefined && (await greets(target))) {
      return 'the server asks for a shared key: --shared-key';
    }
  }
  const remedy = remedies[code] as string | undefined;
  return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
}

/** Whether the server begins with the greeting of the handshake, `["HELO", …]`. */
function greets({ host, port, path }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path === undefined ? { host, port } : { path });
    socket.setTimeout(probeTimeout * 1000, () => socket.destroy());
    socket.on('data', (data) => {
      resolve(data.includes('HELO'));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
