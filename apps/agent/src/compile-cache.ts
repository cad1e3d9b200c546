import module from 'node:module';

/**
 * Has Node keep the compiled code of what is imported from now on, for the next start: where it can
 * (Node ≥ 22.1), and unless NODE_DISABLE_COMPILE_CACHE is set. Node itself keeps it apart by version.
 */
export function enableCompileCache(): void {
  const { enableCompileCache: enable } = module as { enableCompileCache?: () => unknown };
  enable?.();
}
