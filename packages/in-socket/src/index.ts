export { tcpInput } from './tcp.js';
export { udpInput } from './udp.js';
