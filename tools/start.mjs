/**
 * `npm start`: builds what the agent needs and runs it with the example configuration, which
 * listens on 127.0.0.1:24224. Arguments go to the agent: `npm start -- -c other.conf`.
 */
import { nx, root } from './workspace.mjs';

nx(['run-many', '-t', 'build', '-p', '@sluice/agent'], { quiet: true });

process.chdir(root);
const { main } = await import('@sluice/agent');
const own = process.argv.slice(2);
process.exitCode = await main(own.length > 0 ? own : ['-c', 'examples/quickstart.conf'], {
  onReady: () => {
    if (own.length > 0) return;
    console.log(
      'sluice listens on 127.0.0.1:24224 (examples/quickstart.conf). Try, in another terminal:',
    );
    console.log(`  echo '{"message":"hello"}' | npx sluice cat test.hello`);
  },
});
