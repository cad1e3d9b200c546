import { progressText, resultText, startLoad, type Load } from '@sluice/cli-tools';
import { ForwardSender, targetOf } from '@sluice/forward-client';
import { parseFlags, UsageError } from './flags.js';
import { endOnSignals } from './end-on-signals.js';
import { explain } from './sender-errors.js';
import { senderChoice, senderFlags, senderOptions } from './sender-flags.js';

/** Seconds to wait for acknowledgements: a server that takes longer is not to be measured. */
const ackTimeout = 30;

const benchFlags = {
  ...senderFlags,
  tag: { type: 'string', short: 't', default: 'bench' },
  size: { type: 'string', default: '200' },
  rate: { type: 'string' },
  seconds: { type: 'string', short: 's', default: '10' },
  connections: { type: 'string', short: 'n', default: '1' },
  json: { type: 'boolean', default: false },
} as const;

/** A whole number within bounds. @throws UsageError */
function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is ${least} to ${most}, not "${text}"`);
}

/**
 * `sluice bench`: sends events for some seconds, tells on standard error how it goes, and on standard
 * output in one line how it went. Ctrl-C ends it early, again at once.
 *
 * @returns 0 when all events were acknowledged (with `--no-ack`: sent), otherwise 1
 */
export async function bench(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, benchFlags);
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`);
  const choice = senderChoice(values, 'bench');
  const target = targetOf(choice.sender).peer;
  const load = {
    tag: values.tag,
    size: number('size', values.size, 1, 1_000_000),
    seconds: number('seconds', values.seconds, 1, 86_400),
    connections: number('connections', values.connections, 1, 1000),
    ...(values.rate !== undefined && { rate: number('rate', values.rate, 1, 1_000_000_000) }),
  };
  const ending = endOnSignals();
  try {
    const options = { ...(await senderOptions(choice)), ackTimeout };
    const connect = () => ForwardSender.connect(options);
    const running = await startLoad({ ...load, connect, signal: ending.signal });
    const error = await watched(running);
    const { seconds, sent, kept, bytes } = running.progress();
    const how = `${choice.sender.ack === false ? 'sent to' : 'acknowledged by'} ${target}`;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ target, seconds, sent, kept, bytes })}\n`
        : `${resultText({ seconds, sent, kept, bytes }, how)}\n`,
    );
    if (error === undefined) return 0;
    complain(`${target}: ${await explain(error, choice)}`);
    if (sent > kept) complain(`${sent - kept} of ${sent} events may be lost`);
    return 1;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    complain(`${target}: ${await explain(error as Error, choice)}`);
    return 1;
  } finally {
    ending.off();
  }
}

function complain(text: string): void {
  process.stderr.write(`sluice bench: ${text}\n`);
}

/** Tells how a load goes until it is over. @returns why it has failed */
async function watched(load: Load): Promise<Error | undefined> {
  const { stderr } = process;
  let before = load.progress();
  const tell = (): void => {
    const now = load.progress();
    const text = progressText(now, before);
    before = now;
    stderr.write(stderr.isTTY ? `\r${text}\u001b[K` : `${text}\n`);
  };
  const timer = setInterval(tell, stderr.isTTY ? 500 : 1000);
  try {
    await load.done;
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    clearInterval(timer);
    if (stderr.isTTY) stderr.write('\r\u001b[K');
  }
}
