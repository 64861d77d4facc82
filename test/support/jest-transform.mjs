// Turns TypeScript and ESM into CommonJS for Jest with esbuild: no type check (make check does that).
import { transformSync } from 'esbuild';

export default {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: path.endsWith('.ts') ? 'ts' : 'js',
      format: 'cjs',
      target: 'node24',
      sourcemap: 'external',
      sourcefile: path,
    });
    return { code, map };
  },
};
