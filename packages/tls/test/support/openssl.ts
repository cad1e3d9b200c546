import { spawn } from 'node:child_process';

export interface Output {
  status: number | null;
  /** Standard output and error, together. */
  text: string;
}

/** Runs OpenSSL's command line; `input` goes to its standard input. */
export function openssl(args: readonly string[], input = ''): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', args, { stdio: 'pipe' });
    let text = '';
    const take = (chunk: Buffer): void => void (text += chunk.toString());
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.stdin.on('error', () => undefined); // gone before it read
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
    child.stdin.end(input);
  });
}

/** `openssl s_client` against a local port, until the server closes or the handshake fails. */
export function sClient(port: number, ...args: string[]): Promise<Output> {
  return openssl(['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...args]);
}
