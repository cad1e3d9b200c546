export { fileServiceDiscovery } from './file.js';
export { srvServiceDiscovery } from './srv.js';
export { staticServiceDiscovery } from './static.js';
