export { createProject, kinds, languages } from './create-project.js';
export type { Kind, Language, ProjectOptions } from './create-project.js';
export { main } from './main.js';
