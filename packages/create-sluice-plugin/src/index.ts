export { kinds, languages } from './choices.js';
export { createProject } from './create-project.js';
export type { Kind, Language } from './choices.js';
export type { ProjectOptions } from './create-project.js';
export { main } from './main.js';
