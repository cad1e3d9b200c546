/** The process of the attackers: `node attacker.mjs`, told by messages what to do. */
import { attacks } from './attacks.mjs';
import { Peer } from './peer.mjs';

let prepared = [];
let running = [];

process.on('message', (message) => {
  if (message.prepare !== undefined) {
    const { prepare, seed, share } = message;
    Peer.counts = { connections: 0, closed: 0, bytes: 0, acks: 0 };
    prepared = prepare.map((name) => attacks[name](generator(seed), share));
    process.send({ prepared: true });
  } else if (message.start === true) {
    running = prepared.flatMap((peersOf) => peersOf(message.port));
    process.send({ started: true });
  } else {
    for (const peer of running) peer.stop();
    running = [];
    prepared = [];
    process.send({ counts: Peer.counts });
  }
});
process.on('disconnect', () => process.exit(0));

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
