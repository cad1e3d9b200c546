export { Addresses } from './addresses.js';
export { Alarm } from './alarm.js';
export { Chunk, type Compress } from './chunk.js';
export { connect, targetOf, type Target, type TargetOptions } from './connect.js';
export { ForwardClientError, type ForwardClientErrorCode } from './errors.js';
export {
  transportHeartbeat,
  udpHeartbeat,
  type Heartbeat,
  type HeartbeatEvents,
} from './heartbeat.js';
export { Link, type LinkEvents, type LinkOptions } from './link.js';
export { asksForKey, speaksTls } from './probe.js';
export { ForwardSender, type ForwardSenderOptions } from './sender.js';
