/** Aggregators and senders of the simulation. Choice and health of servers are the output's own code. */

/** Milliseconds that a message takes from one side to the other. */
const LATENCY = 0.5;

/** Takes chunks one after another, and acknowledges what it has written. */
export class Aggregator {
  /** `up`; `dead`: refuses connections; `gone`: answers nothing, like a host without power. */
  status = 'up';
  /** Bumped by a crash: what belongs to the life before is lost. */
  life = 0;
  taken = 0;
  connects = 0;
  #busyUntil = 0;
  #links = new Set();
  /** Connections whose peers do not know yet that they are dead. */
  #stale = [];

  constructor(clock, name, chunksPerSecond) {
    this.clock = clock;
    this.name = name;
    this.service = 1000 / chunksPerSecond;
  }

  /** Chunks that wait. */
  get queue() {
    return Math.max(this.#busyUntil - this.clock.now, 0) / this.service;
  }

  attach(link) {
    this.connects += 1;
    this.#links.add(link);
  }

  take(chunk, acknowledge) {
    if (this.status !== 'up') return;
    const { life } = this;
    this.#busyUntil = Math.max(this.#busyUntil, this.clock.now) + this.service;
    this.clock.after(this.#busyUntil - this.clock.now, () => {
      if (life !== this.life) return;
      this.taken += 1;
      chunk.copies += 1;
      this.clock.after(LATENCY, () => life === this.life && acknowledge());
    });
  }

  /** Ends the process (`dead`) or the host (`gone`). Only the first is seen by its peers. */
  fail(status) {
    this.status = status;
    this.life += 1;
    this.failedAt = this.clock.now;
    this.#busyUntil = 0;
    const links = [...this.#links];
    this.#links.clear();
    if (status === 'gone') this.#stale = links;
    else for (const link of links) this.clock.after(LATENCY, () => link.broken());
  }

  /**
   * It knows nothing of its old connections, and resets them when it hears of them: TCP repeats what was
   * not acknowledged, after waits that have grown to at most the time of the failure.
   */
  recover() {
    this.status = 'up';
    const longest = this.clock.now - this.failedAt;
    for (const link of this.#stale) {
      if (link.sent.size > 0) this.clock.after(Math.random() * longest, () => link.broken());
    }
    this.#stale = [];
  }
}

/** One forward output with its connections to all aggregators. */
export class Sender {
  #waiting = [];
  #nodes;
  #balancer;
  #alarm;
  #pumping = false;

  /**
   * @param {{ clock: import('./clock.mjs').Clock, Balancer: any, Health: any, config: any, done: any }} world
   * @param {Aggregator[]} aggregators
   */
  constructor(world, aggregators) {
    this.world = world;
    this.#balancer = new world.Balancer();
    this.#nodes = aggregators.map((aggregator) => new Node(world, aggregator, this));
    this.rebuild();
    for (const node of this.#nodes) node.health.start();
  }

  rebuild() {
    this.#balancer.rebuild(this.#nodes);
  }

  add(chunk) {
    this.#waiting.push(chunk);
    this.pump();
  }

  takeBack(chunks) {
    this.#waiting.unshift(...chunks);
    this.pump();
  }

  /** As the output's own pump. */
  pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    const { clock } = this.world;
    while (this.#waiting.length > 0) {
      const node = this.#balancer.empty
        ? this.#nodes.find((one) => one.offer(clock.now) === 'now')
        : this.#balancer.next(clock.now, (one) => one.offer(clock.now));
      if (node === undefined) {
        this.#tryLater();
        break;
      }
      node.send(this.#waiting.shift());
    }
    this.#pumping = false;
  }

  #tryLater() {
    const { clock } = this.world;
    if (this.#alarm?.run !== undefined) return;
    const times = this.#nodes.map(({ health }) => health.retryAt).filter((at) => at > clock.now);
    if (times.length === 0) return;
    const alarm = clock.after(Math.min(...times) - clock.now, () => {
      alarm.run = undefined;
      this.pump();
    });
    this.#alarm = alarm;
  }
}

/** One aggregator as a sender sees it. */
class Node {
  weight = 60;
  standby = false;
  #link;

  constructor(world, aggregator, sender) {
    this.world = world;
    this.aggregator = aggregator;
    this.sender = sender;
    const changed = () => {
      sender.rebuild();
      sender.pump();
    };
    const beat = (_target, _config, events) => heartbeat(world.clock, aggregator, events);
    this.health = new world.Health({}, world.config, { up: changed, down: changed }, false, beat);
  }

  get available() {
    return this.health.available;
  }

  share(now) {
    return this.health.share(now);
  }

  offer(now) {
    if (this.#link === undefined) {
      if (now < this.health.retryAt) return 'no';
      this.#link = this.#connect();
    }
    const { ready, sent } = this.#link;
    if (ready) return sent.size < this.world.config.chunksInFlight ? 'now' : 'no';
    return now - this.#link.began < 1000 ? 'soon' : 'no';
  }

  send(chunk) {
    const link = this.#link;
    const { clock, done } = this.world;
    link.sent.add(chunk);
    clock.after(LATENCY, () => {
      // It knows nothing of a connection from before its failure, and resets it.
      if (this.aggregator.status === 'up' && link.life !== this.aggregator.life) {
        return link.broken();
      }
      this.aggregator.take(chunk, () => {
        if (!link.sent.delete(chunk)) return;
        this.health.alive();
        done(chunk);
        this.sender.pump();
      });
    });
    chunk.sent = clock.now;
    this.#watch(link);
  }

  /** The oldest chunk that is late ends the connection. */
  #watch(link) {
    const [oldest] = link.sent;
    if (oldest === undefined || link.watched) return;
    const { clock, config } = this.world;
    const limit = config.ackResponseTimeout * 1000;
    link.watched = true;
    clock.after(oldest.sent + limit - clock.now, () => {
      link.watched = false;
      if (link.sent.has(oldest)) link.broken();
      else this.#watch(link);
    });
  }

  #connect() {
    const { clock, config } = this.world;
    const { aggregator } = this;
    const link = {
      ready: false,
      watched: false,
      sent: new Set(),
      began: clock.now,
      broken: () => undefined,
    };
    link.broken = () => {
      if (this.#link !== link) return;
      this.#link = undefined;
      this.health.fail(new Error('broken'));
      const chunks = [...link.sent];
      link.sent.clear();
      this.sender.takeBack(chunks);
    };
    const { status } = aggregator;
    const wait =
      status === 'gone' ? (config.connectTimeout ?? config.hardTimeout) * 1000 : 2 * LATENCY;
    clock.after(wait, () => {
      if (status !== 'up' || aggregator.status !== 'up') return link.broken();
      link.ready = true;
      link.life = aggregator.life;
      aggregator.attach(link);
      this.health.connected();
      this.sender.pump();
    });
    return link;
  }
}

/** A connection that is opened and closed, as `heartbeat_type transport`. */
function heartbeat(clock, aggregator, events) {
  let closed = false;
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  return {
    send() {
      const { status } = aggregator;
      if (closed || status === 'gone') return;
      clock.after(2 * LATENCY, () => {
        if (!closed) status === 'up' ? events.alive() : events.refused(refused);
      });
    },
    close() {
      closed = true;
    },
  };
}
