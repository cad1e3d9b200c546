import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// The layers' rule reads the cached graph, and skips itself without a word where there is none.
await createProjectGraphAsync({ exitOnError: true, resetDaemonClient: true });

// The packages are layers: an import goes to a lower layer, never sideways or up.
const layers = [0, 1, 2, 3, 4, 5];
const depConstraints = layers.map((layer) => ({
  sourceTag: `layer:${layer}`,
  onlyDependOnLibsWithTags: layers
    .filter((below) => below < layer)
    .map((below) => `layer:${below}`),
}));

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/.nx', 'out', 'coverage'] },
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          allow: ['^.*/tools/.*\\.mjs$'],
          // The agent imports a plugin when a configuration names it; its tests import it at once.
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints,
        },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off', // what a check above has proven
      '@typescript-eslint/no-empty-function': 'off', // a phase or a write that does nothing
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off', // overloads carry their own docs
    },
  },
  {
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
