import { eventsText, sendJsonLines } from '@sluice/cli-tools';
import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { ForwardSender, targetOf } from '@sluice/forward-client';
import { catFlags } from './commands.js';
import { explain, senderChoice, senderOptions } from './sender-choice.js';

function say(text: string): void {
  process.stderr.write(`sluice cat: ${text}\n`);
}

/**
 * `sluice cat TAG`: sends each line of standard input, a JSON object, as an event. The time is now.
 * Where the events went is said on standard error. Fluentd: `fluent-cat`.
 *
 * @returns 0 when every line was sent, and acknowledged unless `--no-ack`; 1 when a line is not a
 *   JSON object (the others are sent), or the server did not take the events
 */
export async function cat(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, catFlags);
  const [tag = '', extra] = positionals;
  if (tag === '') throw new UsageError('cat needs a TAG');
  if (extra !== undefined) throw new UsageError(`cat takes one TAG; "${extra}" is too many`);
  const choice = senderChoice(values, 'cat');
  const target = targetOf(choice.sender).peer;
  let sender: ForwardSender | undefined;
  try {
    sender = await ForwardSender.connect(await senderOptions(choice));
    const bad = await sendJsonLines(sender, tag, process.stdin, say);
    await sender.end();
    const how = choice.sender.ack === false ? 'sent to' : 'acknowledged by';
    say(`${eventsText(sender.kept)} ${how} ${target}`);
    return bad === 0 ? 0 : 1;
  } catch (error) {
    say(`${target}: ${await explain(error as Error, choice)}`);
    if (sender !== undefined && sender.sent > 0) {
      const how = choice.sender.ack === false ? 'sent' : 'acknowledged';
      say(`${sender.kept} of ${eventsText(sender.sent)} ${how}`);
    }
    return 1;
  } finally {
    sender?.destroy();
  }
}
