/**
 * What receiving costs, as people run it: each server is a process with a configuration file, beside
 * Fluentd and Fluent Bit where `FLUENTD=` and `FLUENT_BIT=` name their commands. After a build:
 *
 *   node tools/bench/forward.mjs [--quick] [--scale] [--rounds N] [--rows TEXT,…] [--only NAME,…]
 *                                [--json FILE] [--plot FILE] [--page FILE]
 *
 * In each round every contestant is started anew, since a process may be lucky or not; they take turns
 * row by row, so that noise of the machine falls on all. The first 2.5 million events after a start are
 * the cold figure, the next four million the warm one; slow contestants get fewer. CPU time is the kernel's, of
 * all processes of the contestant. Needs Linux.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateCa, issueServerCertificate } from '../../packages/tls/dist/index.js';
import { contestants } from './forward/contestants.mjs';
import { measure } from './forward/measure.mjs';
import { writePage } from './forward/page.mjs';
import { plot } from './forward/plot.mjs';
import { printTable, ratios } from './forward/report.mjs';
import { rows, scaleRows } from './forward/rows.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    rows: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    plot: { type: 'string' },
    page: { type: 'string' },
  },
});
if (process.platform !== 'linux') {
  console.log('left out: needs /proc, so Linux');
  process.exit();
}

const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
const warmUp = values.quick ? 5e5 : 2.5e6;
const wanted = values.rows?.toLowerCase().split(',');
const quick = ['packed', 'Forward', 'JSON lines to a file'];
const selected = (values.scale ? [...rows, ...scaleRows] : rows)
  .filter(({ name }) => wanted?.some((part) => name.toLowerCase().includes(part)) ?? true)
  .filter(({ name }) => !values.quick || wanted !== undefined || quick.includes(name))
  .map((row) => (values.quick ? { ...row, total: row.total / 2 } : row));
const names = Object.keys(contestants)
  .filter((name) => contestants[name].command !== undefined)
  .filter((name) => values.only?.split(',').includes(name) ?? !(values.quick && name === 'npm'));

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
const certificate = await certificates(folder);
const results = selected.map((row) => ({ ...row, results: {} }));
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const row of results) {
      const turn = names.map((_, n) => names[(n + round) % names.length]);
      for (const name of turn) {
        if (!takesPart(name, row)) continue;
        progress(`round ${round + 1} of ${rounds}: ${row.name}: ${contestants[name].title}`);
        (row.results[name] ??= []).push(await measure(name, row, { certificate, warmUp }));
      }
    }
  }
} finally {
  progress('');
  rmSync(folder, { recursive: true, force: true });
}

const report = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  machine: `${os.availableParallelism()} cores of ${os.cpus()[0]?.model.trim() ?? 'unknown'}, Linux ${os.release()}`,
  rounds,
  warmUp,
  rows: results,
};
printTable(report);
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ ...report, ratios: ratios(report) }, null, 1)}\n`);
if (values.plot) writeFileSync(values.plot, plot(report));
if (values.page) await writePage(values.page, report);

/** Scale rows show Sluice, beside Fluent Bit. */
function takesPart(name, row) {
  if (row.scale && !['sluice', 'bit'].includes(name)) return false;
  const where = { port: 1, folder: '', certificate: {}, farEnd: 1 };
  return contestants[name].config(row, where) !== undefined;
}

/** @param {string} folder where the two files are written */
async function certificates(folder) {
  const ca = await generateCa();
  const server = await issueServerCertificate({
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    commonName: 'localhost',
  });
  const cert = path.join(folder, 'cert.pem');
  const key = path.join(folder, 'key.pem');
  writeFileSync(cert, server.certificate);
  writeFileSync(key, server.privateKey, { mode: 0o600 });
  return { cert, key };
}

/** One line that changes, on a terminal; else one for each step. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text !== '') console.error(text);
}
