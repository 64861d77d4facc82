// Everything that is made from the sources: the protobuf code, the bundle, the standalone executable. (docs.mjs makes pages.)
//
//   node build.mjs generate | web | sizes | bundle | executable | package [npm, client, deb] | image [here] | release | boundaries
//
// Inputs are this repository and node_modules only; nothing is downloaded, but for arm64 its Node.js (deploy/build/arm64.mjs).

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { clientPackage } from './deploy/build/client-package.mjs';
import { buildBundle, buildExecutable } from './deploy/build/executable.mjs';
import { npmPackage } from './deploy/build/npm-package.mjs';
import { builtForArm64, debOf, makeImage, ours, version } from './deploy/build/packages.mjs';
import { release } from './deploy/build/release.mjs';
import { sdkSizes } from './deploy/build/sizes.mjs';
import { generate } from './generate.mjs';

/** Says how large everything is that a browser loads of the web chat. */
async function web() {
  const { buildWeb } = await import('./deploy/build/web.mjs');
  const { sizes } = await buildWeb();
  const line = (name, bytes) => console.log(`${String(bytes).padStart(8)}  ${name}`);
  for (const [path, bytes] of Object.entries(sizes.files)) line(path, bytes);
  line('at first load (gzip)', sizes.firstLoad);
}

/** What is installed by npm and dpkg, or one of them: dist/packages/. */
async function packages() {
  const kinds = { npm: npmPackage, client: clientPackage, deb: () => debOf(ours) };
  const [, , , only] = process.argv;
  for (const kind of only ? [only] : Object.keys(kinds)) console.log(await kinds[kind]());
}

/** For this machine, of bin/cim; for both that there are executables for, without `here`. */
async function containerImage() {
  const both = process.argv[3] === 'here' ? [ours] : [ours, await builtForArm64()];
  console.log(makeImage(both));
}

/** dependency-cruiser has been seen to pass silently on 0 modules: the count is checked. */
async function boundaries() {
  const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs';
  const output = execFileSync(
    process.execPath,
    [cruiser, '--config', '.dependency-cruiser.mjs', 'src'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.stdout.write(output);
  const modules = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  if (modules < 10)
    throw new Error(
      `dependency-cruiser looked at ${modules} modules: the boundaries were not checked`,
    );
  await browserBoundary();
}

/** Packages that a browser's bundle of the SDK may have. */
const browserPackages = ['@hpke/', '@noble/', 'idb'];

/**
 * The SDK without its folder for Node.js runs in browsers: it reaches nothing of Node.js, by import or by
 * its globals, and no other packages than those.
 */
async function browserBoundary() {
  const { metafile } = await build({
    entryPoints: ['browser', 'crypto', 'react', 'react-native'].map(
      (name) => `src/client/sdk/entries/${name}.ts`,
    ),
    external: ['react'],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    outdir: 'dist/unused',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const inputs = Object.keys(metafile.inputs);
  const isAllowed = (path) =>
    browserPackages.some((name) => path.startsWith(`node_modules/${name}`));
  const foreign = inputs.filter((path) => path.startsWith('node_modules/') && !isAllowed(path));
  if (foreign.length > 0) throw new Error(`the SDK brings to browsers: ${foreign.join(', ')}`);
  // Comments of files speak of them, code must not.
  const isOfNode =
    /^(?!\s*(?:\/\/|\/?\*)).*(?:\b(?:Buffer|process|setImmediate)\b[.(]|from 'node:)/m;
  const ours = inputs.filter((path) => path.startsWith('src/'));
  const ofNode = ours.filter((path) => isOfNode.test(readFileSync(path, 'utf8')));
  if (ofNode.length > 0) throw new Error(`browsers have not what these use: ${ofNode.join(', ')}`);
  console.log(`browsers can have the SDK: ${ours.length} files of ours`);
}

const tasks = {
  generate,
  web,
  sizes: sdkSizes,
  bundle: () => buildBundle(),
  executable: () => buildExecutable('bin/cim'),
  package: packages,
  image: containerImage,
  release: async () => console.log(await release(version)),
  boundaries,
};
const task = tasks[process.argv[2] ?? ''];
if (!task) {
  console.error(`usage: node build.mjs ${Object.keys(tasks).join(' | ')}`);
  process.exit(64);
}
if (!existsSync('node_modules')) throw new Error('run make setup first');
await task();
