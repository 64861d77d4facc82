// dist/sizes/: the SDK as a bundler puts it into a page, in the parts in which it is loaded. Their bounds are in
// .size-limit.json.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { limitValues } from './limit-values.mjs';

const sdk = 'src/client/sdk';

/** What is loaded on demand, by what is imported then; each is measured without what is there by then. */
const parts = {
  encryption: [`${sdk}/e2ee/message-encryption.ts`],
  groups: [`${sdk}/e2ee/groups/group-sealing.ts`],
  files: [`${sdk}/files/file-transfers.ts`, `${sdk}/browser/fetch-files.ts`],
};

/** A page that has the client and nothing else of the package. */
const page = `import { CimClient } from './${sdk}/entries/browser.ts'; globalThis.CimClient = CimClient;`;

export async function sdkSizes() {
  const { outputFiles, metafile } = await build({
    stdin: { contents: page, sourcefile: 'page.js', resolveDir: process.cwd() },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    outdir: 'dist/sizes',
    write: false,
    legalComments: 'none',
    plugins: [limitValues],
    metafile: true,
    logLevel: 'warning',
  });
  const { outputs } = metafile;
  const outputOf = (entry) =>
    Object.keys(outputs).find((path) => outputs[path].entryPoint === entry);
  const textOf = (path) => outputFiles.find((file) => basename(file.path) === basename(path)).text;
  rmSync('dist/sizes', { recursive: true, force: true });
  mkdirSync('dist/sizes', { recursive: true });
  const there = new Set();
  for (const [name, entries] of Object.entries({ core: ['page.js'], ...parts })) {
    const added = withImports(entries.map(outputOf)).filter((path) => !there.has(path));
    for (const path of added) there.add(path);
    writeFileSync(`dist/sizes/${name}.js`, added.map(textOf).join('\n'));
  }

  function withImports(entries) {
    const all = new Set(entries);
    for (const path of all)
      for (const { path: imported, kind } of outputs[path].imports)
        if (kind === 'import-statement') all.add(imported);
    return [...all];
  }
}
