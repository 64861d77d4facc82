// Bounds (src/base/limits.ts) in the code of pages: each as its number, where it is named. Else a page would load all of
// them, those of servers too.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

let values;

export const limitValues = {
  name: 'limit-values',
  setup(builder) {
    builder.onLoad({ filter: /\/src\/.*\.tsx?$/ }, async ({ path }) => {
      values ??= limitsOf();
      const limits = await values;
      const source = readFileSync(path, 'utf8');
      const contents = source.replace(/\blimits\.([A-Za-z]+)\b/g, (whole, name) =>
        name in limits ? `(${limits[name]})` : whole,
      );
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' };
    });
    builder.onResolve({ filter: /\/limits\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: false,
    }));
  },
};

async function limitsOf() {
  const { outputFiles } = await build({
    entryPoints: ['src/base/limits.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  const [{ text }] = outputFiles;
  const { limits } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  return limits;
}
