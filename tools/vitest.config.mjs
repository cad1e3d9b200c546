import { defineConfig } from 'vitest/config';

// All packages in one vitest run: one summary, and the workers are shared.
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      'packages/*/vitest.config.mjs',
      'apps/*/vitest.config.mjs',
      'tools/*/vitest.config.mjs',
    ],
    reporters: [['default', { summary: false }], './tools/closing-line-reporter.mjs'],
  },
});
