import { memoryStore } from '../src/index.js';
import { describeBuffer } from './support/behaviour.js';

describeBuffer('the memory store', {
  definition: memoryStore,
  persistent: false,
  text: () => '',
});
