// The licences of the packages that are inside of a bundle: they ask to be handed on with it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Takes esbuild's metafile. One part for each package, in the order of their names. */
export function licencesOf({ inputs }) {
  const folders = new Set(Object.keys(inputs).flatMap(packageFolder));
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return [`${name} ${version}: ${license}`, ...texts].join('\n\n');
  });
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** `node_modules/@noble/curves/abstract/x.js` → `node_modules/@noble/curves`; none of our own files. */
function packageFolder(input) {
  const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input);
  return match ? [match[0]] : [];
}
