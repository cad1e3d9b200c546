import { expect, test } from 'vitest';
import * as api from '../src/index.js';
test('loads', () => expect(api).toBeDefined());
