export { httpInput } from './definition.js';
