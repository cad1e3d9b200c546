import { project } from '../vitest-project.mjs';

export default project('docs');
