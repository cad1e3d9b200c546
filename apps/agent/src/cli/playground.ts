import { createServer } from 'node:net';
import {
  liveView,
  playgroundOutput,
  playgroundView,
  printEvents,
  RecentEvents,
  throughputText,
  type PlaygroundPlace,
} from '@sluice/cli-tools';
import { parseFlags } from '@sluice/cli-tools/command-line';
import { printable } from '@sluice/event-stream';
import { runAgent } from '../run-agent.js';
import { playgroundFlags } from './commands.js';
import { endOnSignals } from './end-on-signals.js';
import { portNumber } from './sender-choice.js';

const address = '127.0.0.1';
/** Where there is no terminal, at most so many events are printed at a time, four times in a second. */
const plainEvents = 20;
const logLines = 50;

/**
 * `sluice playground`, and `sluice` where there is no configuration: an agent on loopback that shows
 * what comes in. It keeps nothing.
 *
 * @returns the exit code: 1 where the port that is asked for is taken
 */
export async function playground(args: string[], onReady?: () => void): Promise<number> {
  const { values } = parseFlags(args, playgroundFlags, 0);
  const wanted = values.port === undefined ? undefined : portNumber(values.port);
  const plain = values.plain === true || !process.stdout.isTTY;
  const recent = new RecentEvents(plain ? plainEvents : 100);
  const log: string[] = [];
  const write = (line: string): void => {
    if (plain) process.stderr.write(line);
    else
      log.push(
        ...line
          .trimEnd()
          .split('\n')
          .map((text) => printable(text, 1000)),
      );
    if (log.length > logLines) log.splice(0, log.length - logLines);
  };
  if (wanted !== undefined && !(await isFree(wanted))) {
    process.stderr.write(`sluice playground: port ${wanted} of ${address} is taken\n`);
    return 1;
  }
  const start = (port: number, monitorPort: number) =>
    runAgent({
      config: { text: configOf(port, monitorPort) },
      plugins: [playgroundOutput(recent)],
      log: { level: 'warn', write },
    });
  const port = wanted ?? ((await isFree(24_224)) ? 24_224 : 0);
  const ending = endOnSignals();
  // Somebody may take a port right after it was free.
  const agent = await start(port, (await isFree(24_220)) ? 24_220 : 0).catch(() =>
    start(wanted ?? 0, 0),
  );
  try {
    const portOf = (id: string): number => {
      const server = agent.servers().find(({ plugin }) => plugin === id);
      return (server?.address as { port: number }).port;
    };
    const place: PlaygroundPlace = {
      // npm says in its environment that it runs a command of a package. "npx sluice" would be
      // somebody else's package where this one is not installed.
      command: process.env.npm_command === 'exec' ? 'npx @sluice/agent' : 'sluice',
      address,
      port: portOf('playground'),
      monitorPort: portOf('monitor'),
    };
    onReady?.();
    if (plain) await printEvents(place, recent, ending.signal);
    else {
      await liveView({
        output: process.stdout,
        input: process.stdin,
        signal: ending.signal,
        render: (size) => playgroundView(place, recent, log, size),
      });
    }
    return 0;
  } finally {
    ending.off();
    await agent.stop();
    if (!plain) process.stdout.write(`${throughputText(recent, 0)}\n`);
  }
}

function configOf(port: number, monitorPort: number): string {
  return `<source>
  @type forward
  @id playground
  bind ${address}
  port ${port}
</source>
<source>
  @type monitor_agent
  @id monitor
  bind ${address}
  port ${monitorPort}
</source>
<match **>
  @type playground
  @id view
</match>
`;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: address, exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
