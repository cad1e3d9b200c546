/**
 * The attacks, each a list of peers. Every one uses the default configuration and no key; what it
 * sends is bounded by what the agent takes.
 */
import { Peer } from './peer.mjs';
import * as make from './payloads.mjs';

const MIB = 1024 * 1024;

const peers = (count, one) => Array.from({ length: count }, (_, n) => one(n));

/**
 * Each is called with a random number generator and a share of its usual size, and gives what makes
 * its peers for a port; `source` is the port of an input that adds fields of the source.
 */
export const attacks = {
  /** Honest and fast: small events, each with an ack. */
  'small events': (_random, share) => {
    const text = 'x'.repeat(30);
    const batch = Buffer.concat(peers(200, (n) => make.message('small.event', text, String(n))));
    return (port) =>
      peers(Math.ceil(50 * share), () => new Peer(port, (peer) => repeat(peer, batch)));
  },

  /** Large messages are announced and do not come. */
  announced: (_random, share) => {
    const start = make.packedHead('attack.announced', 54 * MIB);
    return (port) =>
      peers(
        Math.ceil(5 * share),
        () =>
          new Peer(port, async (peer) => {
            await peer.send(Buffer.concat([start, make.usualEvents(64 * 1024)]));
            await peer.hold();
          }),
      );
  },

  /** Honest and large: 100 MB each, with an ack. */
  large: (_random, share) => {
    const entries = make.usualEvents(100 * MIB);
    return (port) =>
      peers(
        Math.ceil(3 * share),
        (n) =>
          new Peer(port, async (peer) => {
            await peer.send(make.packedHead('large.chunk', entries.length, 3));
            await peer.sendInPieces(entries);
            await peer.send(make.option(`large-${n}`));
            await peer.hold();
          }),
      );
  },

  /** JSON: one text of 100 MB, and many that are just small enough. */
  json: (_random, share) => {
    const allowed = make.json('attack.json', 15 * MIB);
    const most = Buffer.concat([allowed.subarray(0, -3), Buffer.from(',')]);
    return (port) => [
      new Peer(port, async (peer) => {
        for (let n = 0; n < 7; n++) await peer.sendInPieces(n === 0 ? most : most.subarray(18));
      }),
      ...peers(Math.ceil(3 * share), () => new Peer(port, (peer) => repeat(peer, allowed))),
    ];
  },

  /** Half a megabyte each that inflates to 250. */
  inflation: (_random, share) => {
    const payload = make.bomb(make.usualEvents(MIB), 250);
    const bytes = make.packed('attack.inflation', payload, make.option('i', 'gzip'));
    return (port) =>
      peers(Math.ceil(24 * share), () => new Peer(port, (peer) => repeat(peer, bytes)));
  },

  /** Tags of 20 MB, of 10 MB that nobody wants, and a new one in every message. */
  tags: (random, share) => {
    const long = make.message('a'.repeat(20 * MIB), 'x');
    const unmatched = make.message('b'.repeat(10 * MIB), 'x');
    return (port) => [
      ...peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, long))),
      ...peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, unmatched))),
      ...peers(
        Math.ceil(4 * share),
        () =>
          new Peer(port, async (peer) => {
            while (peer.open) {
              const tag = () => `nobody.\u001b\n${random()}`.padEnd(1000, 'y');
              await peer.send(Buffer.concat(peers(50, () => make.message(tag(), 'x'))));
            }
          }),
      ),
    ];
  },

  /** Acks of 60 KB each that nobody reads. */
  'unread acks': (_random, share) => {
    const bytes = make.message('null.event', 'x', 'i'.repeat(60_000));
    return (port) =>
      peers(
        Math.ceil(100 * share),
        () => new Peer(port, (peer) => repeat(peer, bytes), { reads: false }),
      );
  },

  /** Few bytes that are many empty records, which filters work on. */
  filters: (_random, share) => {
    const payload = make.bomb(make.emptyEvents(350_000), 60);
    const of = (tag) => make.packed(tag, payload, make.option('f', 'gzip'));
    const all = ['transformed.event', 'grepped.event', 'parsed.event'].map(of);
    return (port) =>
      all.flatMap((bytes) =>
        peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, bytes))),
      );
  },

  /** Messages that come byte by byte, and connections that say nothing. */
  dripping: (_random, share) => {
    const bytes = make.packed('attack.drip', make.usualEvents(200_000));
    const drip = async (peer) => {
      await peer.send(bytes.subarray(0, 60_000));
      for (let at = 60_000; peer.open && at < bytes.length; at++) {
        await peer.send(bytes.subarray(at, at + 1));
        await peer.pause(100);
      }
    };
    return (port) => [
      ...peers(Math.ceil(200 * share), () => new Peer(port, drip)),
      ...peers(Math.ceil(200 * share), () => new Peer(port, (peer) => peer.hold())),
    ];
  },

  /** Entries that are not events under ever new tags, and bytes that are not messages. */
  nonsense: (random, share) => {
    const invalid = async (peer) => {
      while (peer.open) {
        const one = () => make.packed(`bad.${random()}`, Buffer.of(0x92, 0xc3, 0xc3, 0xc0));
        await peer.send(Buffer.concat(peers(100, one)));
      }
    };
    const noise = async (peer) => {
      const bytes = Buffer.alloc(4096);
      for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
      await peer.send(bytes);
      await peer.hold();
    };
    return (port) => [
      ...peers(Math.ceil(4 * share), () => new Peer(port, invalid)),
      ...peers(Math.ceil(20 * share), () => new Peer(port, noise)),
    ];
  },

  /** Large chunks of events without a time, which have to be written anew. */
  timeless: (_random, share) => {
    const bytes = make.packed('attack.timeless', make.timelessEvents(4_000_000));
    return (port) =>
      peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, bytes)));
  },

  /** Honest and large, with fields of its source in each event, which go through a filter and a file. */
  'source fields': (_random, share) => {
    const bytes = make.packed('stored.event', make.usualEvents(40 * MIB), make.option('s'));
    return (_port, { source }) =>
      peers(Math.ceil(2 * share), () => new Peer(source, (peer) => repeat(peer, bytes)));
  },

  /** Small events and large messages for a file on a disk that is full. */
  'full disk': (_random, share) => {
    const batch = Buffer.concat(peers(500, (n) => make.message('full.event', 'x', String(n))));
    const many = make.packed('full.many', make.emptyEvents(200_000), make.option('m'));
    return (port) => [
      ...peers(Math.ceil(8 * share), () => new Peer(port, (peer) => repeat(peer, batch))),
      ...peers(Math.ceil(4 * share), () => new Peer(port, (peer) => repeat(peer, many))),
    ];
  },

  /** Large messages that come slowly, and large ones behind them. */
  'slow and large': (_random, share) => {
    const bytes = make.packed('large.slow', make.usualEvents(50 * MIB), make.option('d'));
    const drip = async (peer) => {
      for (let at = 0; peer.open && at < bytes.length; at += 64 * 1024) {
        await peer.send(bytes.subarray(at, at + 64 * 1024));
        await peer.pause(1900);
      }
    };
    return (port) => [
      ...peers(Math.ceil(3 * share), () => new Peer(port, drip)),
      ...peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, bytes))),
    ];
  },

  /** As many events as fit into 24 MB. */
  'empty events': (_random, share) => {
    const bytes = make.packed('attack.empty', make.emptyEvents(8_000_000));
    return (port) =>
      peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, bytes)));
  },

  /** One event of 60 MB each, for a filter that reads its field. */
  'huge events': (_random, share) => {
    const bytes = make.packed('transformed.huge', make.hugeEvent(60 * MIB));
    return (port) =>
      peers(Math.ceil(2 * share), () => new Peer(port, (peer) => repeat(peer, bytes)));
  },
};

async function repeat(peer, bytes) {
  while (peer.open) await peer.sendInPieces(bytes);
}
