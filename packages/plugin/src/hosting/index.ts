export { Guard, GuardedFilter, GuardedSink } from './guards.js';
export type { FilterStep } from './guards.js';
export { Meter, meteredFilter, meteredRouter, meteredSink } from './meter.js';
export { PluginMaker } from './plugin-maker.js';
export type {
  ClaimPort,
  HostLog,
  MadePlugin,
  PluginMakerOptions,
  StartCheck,
} from './plugin-maker.js';
export { PortClaims } from './port-claims.js';
export { startError } from './start-error.js';
export { WaitWatch } from './wait-watch.js';
