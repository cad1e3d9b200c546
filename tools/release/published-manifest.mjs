/**
 * A manifest without what only this workspace reads: the condition for sources, development
 * dependencies, scripts and Nx's part.
 *
 * @param {import('./packages.mjs').Manifest} manifest
 * @returns {import('./packages.mjs').Manifest}
 */
export function publishedManifest(manifest) {
  const { devDependencies: _dev, scripts: _scripts, nx: _nx, ...rest } = manifest;
  const exports = Object.entries(rest.exports).map(([subpath, entry]) => {
    if (typeof entry === 'string') return [subpath, entry];
    const { '@sluice/source': _source, ...conditions } = entry;
    return [subpath, conditions];
  });
  return { ...rest, exports: Object.fromEntries(exports) };
}
