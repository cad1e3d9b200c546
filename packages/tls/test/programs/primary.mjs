// The primary of a cluster of two: shares ticket keys, and hands on its workers' ports.
import cluster from 'node:cluster';
import { shareTicketKeys } from '@sluice/tls';

const [worker, options, rotation] = process.argv.slice(2);
// Without a rotation: what a primary does that merely has the package loaded.
if (rotation === 'off') shareTicketKeys()();
else if (rotation !== undefined) shareTicketKeys({ rotation: Number(rotation) });
cluster.setupPrimary({ exec: worker, args: [options] });
cluster.on('message', (_, message) => {
  if (typeof message.port === 'number') process.send(message);
});
cluster.fork();
cluster.fork();
process.on('disconnect', () => process.exit());
