/** The figures as Markdown, between two marks of a page; what stands around them is written by hand. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { heads, ratios, short, tableRows } from './report.mjs';

const START = '<!-- figures -->';
const END = '<!-- /figures -->';

/** @param {string} file a page that has both marks */
export async function writePage(file, report) {
  const text = readFileSync(file, 'utf8');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${file} lacks ${START} and ${END}`);
  const figures = `${START}\n\n${markdown(report)}\n\n`;
  const page = text.slice(0, start) + figures + text.slice(end);
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}

function markdown(report) {
  const usual = { ...report, rows: report.rows.filter(({ scale }) => !scale) };
  const scale = { ...report, rows: report.rows.filter((row) => row.scale) };
  const goals = ratios(report).map(({ row, to, goal, median, least, most, met }) => [
    row,
    to,
    `${short(median)} (${short(least)}–${short(most)})`,
    String(goal),
    met ? 'yes' : 'no',
  ]);
  return [
    `Measured on ${report.date} with Node ${report.node} on ${report.machine}, ${report.rounds} rounds.`,
    table(heads, tableRows(usual)),
    '### Ratios and goals',
    'CPU time of Sluice divided by that of the other in the same round.',
    table(['row', 'to', 'ratio', 'goal for every round', 'met'], goals),
    ...(scale.rows.length > 0 ? ['### By size and number', table(heads, tableRows(scale))] : []),
  ].join('\n\n');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
