/** CPU time as bars, an SVG that follows the reader's choice of light or dark. */
import { contestants } from './contestants.mjs';
import { short, spread } from './report.mjs';

const COLORS = {
  sluice: '#0b7a75',
  sink: '#8a8f98',
  bit: '#d97706',
  fluentd: '#2563eb',
  npm: '#a855f7',
};
const WIDTH = 760;
const LEFT = 210;
const BAR = 13;
const STYLE = `text{font:12px system-ui,sans-serif;fill:#1f2328}.soft{fill:#59636e}
.grid{stroke:#d1d9e0}@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.soft{fill:#9198a1}.grid{stroke:#3d444d}}`;

/** One group of bars for each row; the scale is logarithmic, since the figures are a hundredfold apart. */
export function plot({ date, node, rows }) {
  const shown = rows.filter((row) => !row.scale);
  const all = shown.flatMap(({ results }) => Object.values(results).flat());
  const least =
    10 ** Math.floor(Math.log10(Math.min(...all.map(({ cpu }) => Math.max(cpu, 0.001)))));
  const most = Math.max(...all.map(({ cpu }) => cpu)) * 1.6;
  const x = (cpu) =>
    LEFT + (Math.log(Math.max(cpu, least) / least) / Math.log(most / least)) * (WIDTH - LEFT - 60);
  const parts = [];
  let y = 64;
  for (const row of shown) {
    parts.push(text(LEFT - 8, y + BAR, row.name, 'end'));
    for (const [name, list] of Object.entries(row.results)) {
      const { median, least: low, most: high } = spread(list.map(({ cpu }) => cpu));
      const middle = y + BAR / 2;
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${Math.max(x(median) - LEFT, 1).toFixed(1)}" height="${BAR - 3}" fill="${COLORS[name]}"/>`,
        `<path d="M${x(low).toFixed(1)} ${middle - 1.5}H${x(high).toFixed(1)}" class="grid" stroke-width="2"/>`,
        text(x(high) + 5, y + 9, short(median), 'start', 'soft'),
      );
      y += BAR;
    }
    y += 8;
  }
  const lines = [];
  for (let value = least; value <= most; value *= 10) {
    lines.push(
      `<path d="M${x(value).toFixed(1)} 56V${y}" class="grid"/>`,
      text(x(value), y + 16, String(Number(value.toPrecision(1))), 'middle', 'soft'),
    );
  }
  const used = Object.keys(contestants).filter((name) => shown.some((row) => row.results[name]));
  const legend = used.map(
    (name, n) =>
      `<rect x="${LEFT + n * 108}" y="34" width="10" height="10" fill="${COLORS[name]}"/>${text(LEFT + 14 + n * 108, 43, contestants[name].title)}`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 28}" role="img" aria-label="CPU seconds per million events">
<style>${STYLE}</style>
${text(8, 18, `CPU seconds per million events, logarithmic, less is better (${date}, Node ${node})`)}
${[...legend, ...lines, ...parts].join('\n')}
</svg>
`;
}

function text(x, y, content, anchor = 'start', name) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${Number(x).toFixed(1)}" y="${y}" text-anchor="${anchor}"${name ? ` class="${name}"` : ''}>${escaped}</text>`;
}
