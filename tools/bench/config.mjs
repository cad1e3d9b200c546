/**
 * How long a configuration takes to parse, by its number of lines: `node tools/bench/config.mjs`,
 * after a build. Prints the median of seven runs and the time per line, which stays the same where
 * parsing is linear.
 */
import { dumpConfig, parseConfig } from '../../packages/config/dist/index.js';

const block = [
  '<match app.{a,b}.**> # one of many',
  '  @type file',
  '  path "/var/log/#{hostname}/app"',
  '  columns ["time", "tag", # both',
  '    "record"]',
  "  format '%Y-%m-%d'",
  '  <buffer tag,time>',
  '    timekey 1h',
  '  </buffer>',
  '</match>',
].join('\n');

function median(run) {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3];
}

const context = { hostname: 'bench' };
for (let i = 0; i < 20; i++) parseConfig(`${block}\n`.repeat(100), context);
for (const lines of [100, 1_000, 10_000, 100_000]) {
  const text = `${block}\n`.repeat(lines / 10);
  const parse = median(() => parseConfig(text, context));
  const root = parseConfig(text, context);
  const dump = median(() => dumpConfig(root));
  const perLine = (parse * 1000) / lines;
  console.log(
    `${lines} lines: parse ${parse.toFixed(2)} ms (${perLine.toFixed(2)} us a line), ` +
      `dump ${dump.toFixed(2)} ms`,
  );
}
