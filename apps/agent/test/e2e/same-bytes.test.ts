import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCases, sluice } from '../../../../tools/same-bytes/agents.mjs';
import { caseFiles, readCases } from '../../../../tools/same-bytes/case-files.mjs';
import { differences, unpacked } from '../../../../tools/same-bytes/differences.mjs';

// What the table expects was written by Fluentd: tools/compare-with-fluentd.mjs runs it there, too.
test('the files of the table of cases are, byte for byte, those that it expects', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-same-bytes-'));
  try {
    const cases = caseFiles().flatMap(readCases);
    const written = await runCases(sluice(), cases, folder);
    const wrong = cases.flatMap((one) => {
      const { files, refused } = written.get(one.id)!;
      const expected = one.why === '' ? one.files : one.sluice;
      const found = differences('the table', expected, 'sluice', unpacked(files));
      if (refused !== undefined) found.push(`refused: ${refused.slice(-600)}`);
      return found.map((text) => `${one.id}: ${text}`);
    });
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(80);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
