// dist/packages/cim-VERSION.tgz: the program as an npm package, for any machine with Node.js 24.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { licencesOf } from './licences.mjs';

/** All that it needs is in its bundle, but for the native client of ZooKeeper: who runs a cluster installs that beside it. */
export async function npmPackage() {
  const root = JSON.parse(readFileSync('package.json', 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'cim-package-'));
  try {
    const metafile = await bundle(join(folder, 'dist/cim.cjs'));
    const manifest = {
      name: root.name,
      version: root.version,
      description: root.description,
      license: root.license,
      type: root.type,
      bin: { cim: './bin/cim.mjs' },
      files: ['bin', 'dist', 'LICENCES'],
      engines: { node: '>=24' },
      peerDependencies: { zookeeper: root.dependencies.zookeeper },
      peerDependenciesMeta: { zookeeper: { optional: true } },
    };
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    writeFileSync(join(folder, 'LICENCES'), licencesOf(metafile));
    cpSync('bin/cim.mjs', join(folder, 'bin/cim.mjs'));
    copyFileSync('LICENSE', join(folder, 'LICENSE'));
    copyFileSync('deploy/npm/README.md', join(folder, 'README.md'));
    mkdirSync('dist/packages', { recursive: true });
    execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve('dist/packages')], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return `dist/packages/${root.name}-${root.version}.tgz`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
