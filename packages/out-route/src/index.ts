export { labelRouterOutput } from './label-router.js';
export { rewriteTagFilterOutput } from './rewrite-tag-filter.js';
export { routeOutput } from './route.js';
