// Zones are for buffers too, which stand beside this package: they are kept with the contracts.
export {
  localOffset,
  quarter,
  TimeZoneError,
  utcOffset,
  zoneOffset,
} from '@sluice/plugin/time-zone';
export type { ZoneOffset } from '@sluice/plugin/time-zone';
