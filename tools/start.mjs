/**
 * `npm start`: builds what the agent needs and runs it with the example configuration, which
 * listens on 127.0.0.1:24224. Arguments go to the agent: `npm start -- -c other.conf`.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { root } from './workspace.mjs';
import { buildWithProgress } from './build-progress.mjs';

const own = process.argv.slice(2);
const port = 24224;

/** A port that is in use is reported before the build, not after it. */
async function checkPort() {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    console.error(
      `npm start: cannot listen on 127.0.0.1:${port} (${/** @type {NodeJS.ErrnoException} */ (error).code}), which examples/quickstart.conf asks for.\n` +
        'Stop what listens there, or run another configuration: npm start -- -c FILE',
    );
    process.exit(1);
  }
  server.close();
  await once(server, 'close');
}

if (own.length === 0) await checkPort();
await buildWithProgress('@sluice/agent');

process.chdir(root);
const { main } = await import('@sluice/agent');
process.exitCode = await main(own.length > 0 ? own : ['-c', 'examples/quickstart.conf'], {
  onReady: () => {
    if (own.length > 0) return;
    console.log(
      `sluice listens on 127.0.0.1:${port} (examples/quickstart.conf). Try, in another terminal:`,
    );
    console.log(`  echo '{"message":"hello"}' | npx sluice cat test.hello`);
  },
});
