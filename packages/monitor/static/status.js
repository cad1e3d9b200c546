// Asks for the statistics once a second and shows what has changed between two answers.
const points = 120;
let last;

const byId = (id) => document.getElementById(id);
const sum = (list, value) => list.reduce((total, item) => total + value(item), 0);
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function number(value) {
  if (value < 10 && value % 1 !== 0) return value.toFixed(1);
  return whole.format(value);
}

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 || value >= 100 ? whole.format(value) : value.toFixed(1)} ${units[unit]}`;
}

function duration(seconds) {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

const show = (id, text, className) => {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined) element.className = className;
};

/** Cells are text, or [text, class]. Texts come from peers: they are never read as HTML. */
function fill(id, rows, none) {
  const body = byId(id).tBodies[0];
  const columns = byId(id).tHead.rows[0].cells;
  const cellsOf = rows.length > 0 ? rows : [[[none, 'none']]];
  while (body.rows.length > cellsOf.length) body.deleteRow(-1);
  cellsOf.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    while (row.cells.length > cells.length) row.deleteCell(-1);
    cells.forEach((cell, column) => {
      const [text, className] = Array.isArray(cell) ? cell : [cell, ''];
      const element = row.cells[column] ?? row.insertCell();
      if (element.textContent !== text) element.textContent = text;
      element.className = `${columns[column].className} ${className}`.trim();
      element.colSpan = rows.length > 0 ? 1 : columns.length;
    });
  });
}

/** What was added per second since the answer before; 0 where there was none. */
function perSecond(now, key) {
  if (last === undefined || now.time <= last.time) return 0;
  return Math.max(0, key(now) - key(last)) / (now.time - last.time);
}

const sources = (status) =>
  status.plugins.filter(({ category, type }) => category === 'input' && type !== 'monitor_agent');
const servers = (status) => status.servers.filter(({ title }) => title !== 'in_monitor_agent');

/** "3 for 12 s": how many wait, and since when. */
function waiting(count, since, time) {
  if (count === 0 || since === null) return number(count);
  const seconds = time - since / 1000;
  return seconds < 1 ? number(count) : `${number(count)} for ${duration(seconds)}`;
}

function retryText(retry, time) {
  if (retry === null) return '–';
  const failed = `${number(retry.steps)} failed`;
  const next = retry.nextTime === undefined ? NaN : retry.nextTime - time;
  const when = next > 0 ? `, next in ${duration(next)}` : '';
  return `${failed}${when}${retry.reason === undefined ? '' : `: ${retry.reason}`}`;
}

function numbers(status) {
  const events = perSecond(status, (s) => sum(sources(s), (p) => p.records));
  const received = (s) => sum(servers(s), (server) => server.bytesIn);
  show('in-rate', `${number(events)}/s`);
  show('in-total', `${number(sum(sources(status), (p) => p.records))} since the start`);
  show('byte-rate', `${bytes(perSecond(status, received))}/s`);
  show('byte-total', `${bytes(received(status))} since the start`);
  show('open', number(sum(servers(status), (s) => s.open)));
  const refused = sum(servers(status), (s) => s.refused + s.handshakeFailures);
  const accepted = `${number(sum(servers(status), (s) => s.accepted))} accepted`;
  show('accepted', refused > 0 ? `${accepted}, ${number(refused)} refused` : accepted);
  const calls = perSecond(status, (s) => sum(sources(s), (p) => p.latencyCount));
  const spent = perSecond(status, (s) => sum(sources(s), (p) => p.latencySum));
  show('latency', calls > 0 ? duration(spent / calls) : '–');
  show('pending', `${number(sum(sources(status), (p) => p.pending))} messages waiting`);
  const failed = sum(sources(status), (p) => p.failed);
  show('failed', number(failed), failed > 0 ? 'bad' : '');
  show('unmatched', `${number(status.unmatchedEvents)} events unmatched`);
  show('memory', bytes(status.memory));
  const count = status.shares.length;
  show('memory-of', count > 1 ? `of ${count} workers` : 'of this process');
}

/** The server keeps what came in during the last two minutes. */
function chart(status) {
  const rates = status.history.map(({ records }) => records);
  if (rates.length === 0) return;
  const top = Math.max(...rates, 1);
  const at = (rate, index) => {
    const x = ((points - rates.length + index) * 600) / (points - 1);
    return `${x.toFixed(1)},${(88 - (rate / top) * 82).toFixed(1)}`;
  };
  const line = rates.map(at);
  const [firstX] = line[0].split(',');
  const svg = byId('chart');
  const make = (name) =>
    svg.querySelector(name) ??
    svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', name));
  make('path').setAttribute('d', `M${firstX},90 L${line.join(' L')} L600,90 Z`);
  make('polyline').setAttribute('points', line.join(' '));
  show('chart-text', `Events in per second, last 2 minutes; highest ${number(Math.max(...rates))}`);
}

function warnings(status) {
  const { warn, error } = status.warned;
  show('warned', `${number(warn)} warnings and ${number(error)} errors since the start`);
  const several = status.shares.length > 1;
  const rows = status.warnings.map(({ time, level, plugin, text, fields, count, worker }) => {
    const more = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    const when = new Date(time).toLocaleTimeString();
    const who = several ? `${plugin ?? 'agent'} #${worker}` : (plugin ?? 'agent');
    return [when, [level, level], who, [text, ...more].join('  '), number(count)];
  });
  fill('warnings', rows, 'none');
}

function workers(status) {
  const { shares } = status;
  byId('workers-section').hidden = shares.length < 2;
  const rateOf = ({ worker }) =>
    perSecond(status, (s) => s.shares.find((one) => one.worker === worker)?.records ?? 0);
  const all = sum(shares, rateOf);
  const total = sum(shares, ({ records }) => records);
  const rows = shares.map((share) => {
    if (!share.answers) return [String(share.worker), ['does not answer', 'bad']];
    // While nothing comes in, the share of what has come in.
    const part = all > 0 ? rateOf(share) / all : total > 0 ? share.records / total : 0;
    return [
      String(share.worker),
      String(share.pid),
      number(rateOf(share)),
      `${Math.round(part * 100)} %`,
      number(share.records),
      number(share.open),
      number(share.pending),
      [number(share.failed), share.failed > 0 ? 'bad' : ''],
      bytes(share.memory),
      duration(share.uptime),
    ];
  });
  fill('workers', rows, 'none');
}

function destinations(status) {
  byId('destinations-section').hidden = status.destinations.length === 0;
  const rows = status.destinations.map((one) => {
    const up = one.availableTo === one.seenBy ? 'up' : one.availableTo === 0 ? 'down' : 'partly up';
    const state = one.standby ? `${up}, standby` : up;
    const name = one.name === one.address ? one.address : `${one.name} ${one.address}`;
    return [
      name,
      one.plugin,
      [state, up === 'up' ? 'good' : 'bad'],
      number(one.kept),
      [number(one.failures), one.failures > 0 ? 'warn' : ''],
      one.reason ?? '–',
    ];
  });
  fill('destinations', rows, 'none');
}

function tables(status) {
  const plugins = status.plugins.map((plugin) => {
    const records = (s) => s.plugins.find(({ id }) => id === plugin.id)?.records ?? 0;
    return [
      // On a phone the column with the reason is out of sight.
      [plugin.id, plugin.retry === null ? '' : 'warn'],
      `${plugin.category} ${plugin.type}`,
      number(perSecond(status, records)),
      number(plugin.records),
      waiting(plugin.pending, plugin.pendingSince, status.time),
      plugin.queuedBytes === null ? '–' : bytes(plugin.queuedBytes),
      [number(plugin.failed), plugin.failed > 0 ? 'bad' : ''],
      [retryText(plugin.retry, status.time), plugin.retry === null ? '' : 'warn'],
    ];
  });
  fill('plugins', plugins, 'none');
  const rows = status.servers.map((server) => {
    const same = (s) => s.plugin === server.plugin && s.title === server.title;
    const rate = (key) => bytes(perSecond(status, (s) => s.servers.find(same)?.[key] ?? 0));
    return [
      `${server.plugin} ${server.title} (${server.protocol})`,
      server.address,
      number(server.open),
      number(server.accepted),
      [number(server.refused), server.refused > 0 ? 'warn' : ''],
      [number(server.handshakeFailures), server.handshakeFailures > 0 ? 'warn' : ''],
      rate('bytesIn'),
      rate('bytesOut'),
    ];
  });
  fill('servers', rows, 'none');
  const certificates = status.certificates.map((one) => {
    const expires = one.notAfter.slice(0, 10);
    const state = one.daysLeft < 0 ? 'bad' : one.daysLeft < 30 ? 'warn' : 'good';
    const left = one.daysLeft < 0 ? 'expired' : number(one.daysLeft);
    return [one.subject, one.role, one.plugin, one.names.join(', '), expires, [left, state]];
  });
  fill('certificates', certificates, 'none: no server speaks TLS');
}

function draw(status) {
  const { version, pid, worker, workers: count, uptime } = status;
  const one = `process ${pid}${count > 1 ? `, worker ${worker} of ${count}` : ''}`;
  const which = worker === null ? `${count} workers` : one;
  show('about', `version ${version}, ${which}, up ${duration(uptime)}`);
  numbers(status);
  chart(status);
  workers(status);
  destinations(status);
  warnings(status);
  tables(status);
  last = status;
}

async function poll() {
  try {
    const answer = await fetch('/api/status.json', { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    draw(await answer.json());
    show('state', 'live', 'live');
  } catch {
    show('state', 'not reachable', 'lost');
  }
  setTimeout(poll, 1000);
}

void poll();
