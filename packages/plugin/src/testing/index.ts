export type { Clock } from '../clock.js';
export { Driver } from './driver.js';
export type { DriverOptions } from './driver.js';
export {
  createDriver,
  FilterDriver,
  FormatterDriver,
  OutputDriver,
  ParserDriver,
} from './drivers.js';
export type { DrivenEvent, ErrorEvents } from './drivers.js';
export { TestClock } from './test-clock.js';
export type { TestEvent } from './test-events.js';
export type { LogLine } from './test-log.js';
export { TestRouter } from './test-router.js';
export type { Answer, ReceivedEvent } from './test-router.js';
