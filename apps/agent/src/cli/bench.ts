import { resultText, startLoad, watchLoad } from '@sluice/cli-tools';
import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { ForwardSender, targetOf } from '@sluice/forward-client';
import { benchFlags } from './commands.js';
import { endOnSignals } from './end-on-signals.js';
import { explain, senderChoice, senderOptions } from './sender-choice.js';

/** Seconds to wait for acknowledgements: a server that takes longer is not to be measured. */
const ackTimeout = 30;

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
  const { values } = parseFlags(args, benchFlags, 0);
  const { tag = 'bench', size = '200', seconds: time = '10', connections = '1', rate } = values;
  const choice = senderChoice(values, 'bench');
  const target = targetOf(choice.sender).peer;
  const load = {
    tag,
    size: number('size', size, 1, 1_000_000),
    seconds: number('seconds', time, 1, 86_400),
    connections: number('connections', connections, 1, 1000),
    ...(rate !== undefined && { rate: number('rate', rate, 1, 1_000_000_000) }),
  };
  const ending = endOnSignals();
  try {
    const options = { ...(await senderOptions(choice)), ackTimeout };
    const connect = () => ForwardSender.connect(options);
    const running = await startLoad({ ...load, connect, signal: ending.signal });
    const error = await watchLoad(running, process.stderr);
    const { seconds, sent, kept, bytes } = running.progress();
    const how = `${choice.sender.ack === false ? 'sent to' : 'acknowledged by'} ${target}`;
    process.stdout.write(
      values.json === true
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
