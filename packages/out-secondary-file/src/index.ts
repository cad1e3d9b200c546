export { secondaryFileOutput } from './secondary-file.js';
