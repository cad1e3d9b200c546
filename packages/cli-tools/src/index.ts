export { chunkHeading, chunkJson, chunkTable, eventLines } from './buffer/chunk-text.js';
export { sendJsonLines, type LineSender } from './cat/send-lines.js';
export {
  checkFile,
  type CheckedFile,
  type NamedPlugin,
  type Place,
  type WorkerToCheck,
} from './check/check-file.js';
export { checkText, summaryText } from './check/check-text.js';
export {
  absentPlugins,
  differences,
  generalDifferences,
  type AbsentPlugin,
  type Difference,
} from './check/fluentd-plugins.js';
export { progressText, resultText } from './bench/bench-text.js';
export { watchLoad } from './bench/watch-load.js';
export { startLoad, type Load, type LoadOptions, type LoadProgress } from './bench/load.js';
export { printEvents } from './playground/print-events.js';
export { playgroundOutput } from './playground/playground-output.js';
export {
  playgroundHints,
  playgroundView,
  throughputText,
  type PlaygroundPlace,
} from './playground/playground-view.js';
export { RecentEvents } from './playground/recent-events.js';
export { liveView, type LiveViewOptions, type TerminalInput } from './terminal/live-view.js';
export { bytesText, countText, durationText, eventsText, sparkline } from './terminal/numbers.js';
export { lineText, Screen, type Line, type Style, type TerminalOutput } from './terminal/screen.js';
export { table, type Column } from './terminal/table.js';
export { fitText, padText, textWidth } from './terminal/width.js';
export { watchTop, type TopOptions } from './top/watch-top.js';
export { fetchStatus, MonitorError, type AgentStatus } from './top/status.js';
export { topView } from './top/top-view.js';
