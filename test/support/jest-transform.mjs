// Turns TypeScript and ESM into CommonJS for Jest with esbuild: no type check (make check does that).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { transformSync } from 'esbuild';

// As in build.mjs: a Lua script is imported as its text.
const loaders = { '.ts': 'ts', '.lua': 'text' };
const ownSource = readFileSync(import.meta.filename);

export default {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: loaders[extname(path)] ?? 'js',
      format: 'cjs',
      target: 'node24',
      // Within Jest's own module system import() must become require().
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcefile: path,
    });
    return { code, map };
  },

  // Jest's own key leaves this file out: a change here would go unnoticed.
  getCacheKey(source, path) {
    return createHash('sha256').update(ownSource).update(path).update(source).digest('hex');
  },
};
