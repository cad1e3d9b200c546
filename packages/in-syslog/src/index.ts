export { syslogInput } from './syslog-input.js';
