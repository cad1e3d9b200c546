/** The process of the attackers: `node attacker.mjs`, told by messages what to do. */
import { Random } from '../random.mjs';
import { attacks } from './attacks.mjs';
import { Peer } from './peer.mjs';

let prepared = [];
let running = [];

process.on('message', (message) => {
  if (message.prepare !== undefined) {
    const { prepare, seed, share } = message;
    Peer.counts = { connections: 0, closed: 0, bytes: 0, acks: 0 };
    prepared = prepare.map((name) => {
      const numbers = new Random(seed);
      return attacks[name](() => numbers.next(), share);
    });
    process.send({ prepared: true });
  } else if (message.start === true) {
    running = prepared.flatMap((peersOf) => peersOf(message.port, { source: message.source }));
    process.send({ started: true });
  } else {
    for (const peer of running) peer.stop();
    running = [];
    prepared = [];
    process.send({ counts: Peer.counts });
  }
});
process.on('disconnect', () => process.exit(0));
