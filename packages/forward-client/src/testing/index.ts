export { ForwardTestServer, type ForwardTestServerOptions } from './test-server.js';
