export { dummyInput, sampleInput } from './sample-input.js';
