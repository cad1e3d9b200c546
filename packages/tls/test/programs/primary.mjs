// The primary of a cluster of two: shares ticket keys, and hands on its workers' ports.
import cluster from 'node:cluster';
import { shareTicketKeys } from '@sluice/tls';

const [worker, options, rotation] = process.argv.slice(2);
if (rotation !== 'off')
  shareTicketKeys(rotation === undefined ? {} : { rotation: Number(rotation) });
cluster.setupPrimary({ exec: worker, args: [options] });
cluster.on('message', (_, message) => {
  if (typeof message.port === 'number') process.send(message);
});
cluster.fork();
cluster.fork();
process.on('disconnect', () => process.exit());
