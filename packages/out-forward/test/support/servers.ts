import { parseConfig } from '@sluice/config';
import { ForwardTestServer, type ForwardTestServerOptions } from '@sluice/forward-client/testing';
import { onTestFinished } from 'vitest';
import { ForwardOutput, forwardOutputSection } from '../../src/index.js';

/** A server that goes with the test. */
export async function startServer(
  options: ForwardTestServerOptions = {},
): Promise<ForwardTestServer> {
  const server = await ForwardTestServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

export const server = (port: number, more = '', host = '127.0.0.1'): string =>
  `<server>\nhost ${host}\nport ${port}\n${more}\n</server>\n`;

export function readSection(text: string): ReturnType<(typeof forwardOutputSection)['read']> {
  const root = parseConfig(`<match **>\n@type forward\n${text}\n</match>\n`, { path: 'test.conf' });
  return forwardOutputSection.read(root.elements[0]);
}

/** A started output; closed with the test. */
export async function startOutput(text: string) {
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const log = {
    trace: quiet,
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (fields: object, message: string) => {
      warnings.push(`${message}: ${String((fields as { reason?: string }).reason)}`);
    },
  };
  const output = new ForwardOutput({ id: 'test', log }, readSection(text));
  onTestFinished(() => output.close());
  await output.start();
  return { output, warnings };
}
