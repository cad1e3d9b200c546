import { defineProject } from 'vitest/config';

/**
 * The vitest project of one package: tests by behaviour in `test/`, sibling packages taken from
 * their sources, so that a unit test never runs against a stale build.
 *
 * @param {string} name
 */
export function project(name) {
  const conditions = ['@sluice/source', 'node'];
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      environment: 'node',
      testTimeout: 20_000,
      hookTimeout: 20_000,
      // Whoever looks at bytes that were given back sees it.
      env: { SLUICE_OVERWRITE_BUFFERS: '1' },
    },
  });
}
