#!/usr/bin/env node
/**
 * Runs the table of cases in Sluice, and in Fluentd where the environment variable FLUENTD names its
 * command, and compares the files byte for byte:
 *
 *     FLUENTD=fluentd node tools/compare-with-fluentd.mjs [options] [FILE.cases…]
 *
 *     --only TEXT   only cases whose name has TEXT
 *     --write       put what Fluentd writes into the table, and what Sluice writes where a `why` says
 *                   that it differs on purpose
 *     --keep        keep the folder with what was written
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fluentd, runCases, sluice } from './same-bytes/agents.mjs';
import { caseFiles, caseText, readCases } from './same-bytes/case-files.mjs';
import { differences, unpacked } from './same-bytes/differences.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    write: { type: 'boolean' },
    keep: { type: 'boolean' },
  },
});
const command = process.env.FLUENTD;
const files = positionals.length > 0 ? positionals : caseFiles();
const tables = files.map((file) => ({ file, cases: readCases(file) }));
const cases = tables
  .flatMap((table) => table.cases)
  .filter(({ id }) => values.only === undefined || id.includes(values.only));

const folder = mkdtempSync(path.join(os.tmpdir(), 'same-bytes-'));
try {
  const ours = await runCases(sluice(), cases, folder);
  const theirs =
    command === undefined ? undefined : await runCases(fluentd(command), cases, folder);
  let wrong = 0;
  for (const one of cases) {
    const problems = problemsOf(one, ours.get(one.id), theirs?.get(one.id));
    if (problems.length === 0) continue;
    wrong += 1;
    console.log(`${one.id}\n${problems.map((text) => `  ${text}\n`).join('')}`);
  }
  if (values.write === true && theirs !== undefined) {
    for (const { file, cases: all } of tables) writeFileSync(file, all.map(caseText).join('\n'));
  }
  console.log(
    `${cases.length} cases, ${wrong} differ${theirs === undefined ? ' (FLUENTD names no command: only the table is compared)' : ''}`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  if (values.keep === true) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {import('./same-bytes/case-files.mjs').Case} one
 * @param {import('./same-bytes/agents.mjs').Written | undefined} ours
 * @param {import('./same-bytes/agents.mjs').Written | undefined} theirs
 */
function problemsOf(one, ours, theirs) {
  const written = unpacked(ours?.files ?? new Map());
  const real = theirs && unpacked(theirs.files);
  if (real !== undefined && values.write === true) {
    one.files = real;
    if (one.why !== '') one.sluice = written;
  }
  const problems = real === undefined ? [] : differences('the table', one.files, 'fluentd', real);
  if (one.why !== '') problems.push(...differences('the table', one.sluice, 'sluice', written));
  else if (real !== undefined) problems.push(...differences('fluentd', real, 'sluice', written));
  else problems.push(...differences('the table', one.files, 'sluice', written));
  for (const [name, run] of Object.entries({ sluice: ours, fluentd: theirs })) {
    const refused = run?.refused?.trim().slice(-600);
    if (refused !== undefined) problems.push(`${name} refuses it: ${refused}`);
  }
  return problems;
}
