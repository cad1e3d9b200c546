import { progressText } from './bench-text.js';
import type { Load } from './load.js';

/** Tells how a load goes until it is over. @returns why it has failed */
export async function watchLoad(
  load: Load,
  output: NodeJS.WriteStream,
): Promise<Error | undefined> {
  let before = load.progress();
  const tell = (): void => {
    const now = load.progress();
    const text = progressText(now, before);
    before = now;
    output.write(output.isTTY ? `\r${text}\u001b[K` : `${text}\n`);
  };
  const timer = setInterval(tell, output.isTTY ? 500 : 1000);
  try {
    await load.done;
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    clearInterval(timer);
    if (output.isTTY) output.write('\r\u001b[K');
  }
}
