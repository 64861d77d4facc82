// dist/release/: all that a version is handed out as, for x64 and arm64, with checksums, a list of what is inside (SBOM) and what is new.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { npmPackage } from './npm-package.mjs';
import { builtForArm64, debOf, makeImage, ours } from './packages.mjs';

const folder = 'dist/release';

/** Takes bin/cim as it was built last. Gives the folder. */
export async function release(version) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const programs = [ours, await builtForArm64()];
  const hand = (path, name = basename(path)) => copyFileSync(path, join(folder, name));
  for (const program of programs) {
    hand(program.executable, `cim-${version}-linux-${program.arch}`);
    hand(debOf(program));
  }
  hand(await npmPackage());
  makeImage(programs);
  const stable = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const image = join(folder, `cim-${version}-image.tar`);
  execFileSync('tar', ['-cf', image, ...stable, '-C', 'dist/image', '.']);
  writeFileSync(join(folder, `cim-${version}.cdx.json`), billOfMaterials(version));
  writeFileSync(join(folder, 'CHANGES.md'), newestChanges());
  const sums = readdirSync(folder).map((name) => {
    const hash = createHash('sha256').update(readFileSync(join(folder, name)));
    return `${hash.digest('hex')}  ${name}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  return folder;
}

/**
 * Of the production packages in package-lock.json, Node.js among them, and of what the bundle has besides; CycloneDX 1.5. (`npm sbom
 * --omit dev` leaves out what is used in development as well.)
 */
function billOfMaterials(version) {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const bundled = readFileSync(ours.parts.licences, 'utf8').split('\n');
  const isBundled = (name, each) =>
    bundled.some((line) => line.startsWith(`${name} ${each.version}: `));
  const components = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, each]) => [path.replace(/^.*node_modules\//, ''), each])
    .filter(([name, each]) => !each.dev || isBundled(name, each))
    .map(([name, each]) => component(name, each));
  // The same package may be in two places.
  const once = new Map(components.map((each) => [each['bom-ref'], each]));
  const cim = { type: 'application', ...named('cim', version), licenses: [{ expression: 'MIT' }] };
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: cim },
    components: [...once.values()],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

const named = (name, version) => {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { 'bom-ref': purl, name, version, purl };
};

function component(name, { version, license, integrity }) {
  const [, sha512] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  const content = sha512 && Buffer.from(sha512, 'base64').toString('hex');
  return {
    type: 'library',
    ...named(name, version),
    ...(license ? { licenses: [{ expression: license }] } : {}),
    ...(content ? { hashes: [{ alg: 'SHA-512', content }] } : {}),
  };
}

/** The first section of CHANGELOG.md. */
function newestChanges() {
  const [, section] = readFileSync('CHANGELOG.md', 'utf8').split(/^(?=## )/m);
  return section;
}
