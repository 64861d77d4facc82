// dist/packages/cim-client-VERSION.tgz: the SDK as an npm package, for Node.js, browsers and React Native.
// cim-client.tgz beside it is the same, for examples/package.json, which names no version.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { licencesOf } from './licences.mjs';
import { limitValues } from './limit-values.mjs';

const entries = 'src/client/sdk/entries';

/** Nothing has to be installed with it: what it needs of others is inside. React is the application's. */
export async function clientPackage() {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'cim-client-package-'));
  mkdirSync('dist/packages', { recursive: true });
  const packed = mkdtempSync('dist/packed-');
  try {
    const manifest = manifestOf(version, license);
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    writeFileSync(join(folder, 'LICENCES'), licencesOf(await modules(join(folder, 'dist'))));
    declarations(join(folder, 'types'));
    copyFileSync('LICENSE', join(folder, 'LICENSE'));
    copyFileSync('deploy/client/README.md', join(folder, 'README.md'));
    execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(packed)], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // At once: whoever reads the one before reads it to its end.
    const name = `cim-client-${version}.tgz`;
    copyFileSync(join(packed, name), join(packed, 'cim-client.tgz'));
    for (const file of [name, 'cim-client.tgz'])
      renameSync(join(packed, file), join('dist/packages', file));
    return `dist/packages/${name}`;
  } finally {
    rmSync(packed, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

function manifestOf(version, license) {
  const entry = (name) => ({ types: `./types/entries/${name}.d.ts`, default: `./dist/${name}.js` });
  return {
    name: 'cim-client',
    version,
    description: 'The client of cim, a messaging system: for Node.js, browsers and React Native.',
    license,
    type: 'module',
    sideEffects: false,
    // Bundlers that know no conditions are those of pages.
    main: './dist/browser.js',
    types: './types/entries/browser.d.ts',
    exports: {
      '.': {
        'react-native': entry('react-native'),
        browser: entry('browser'),
        node: entry('node'),
        default: entry('browser'),
      },
      './react': entry('react'),
      './crypto': entry('crypto'),
      './package.json': './package.json',
    },
    files: ['dist', 'types', 'LICENCES'],
    engines: { node: '>=22' },
    peerDependencies: { react: '>=18' },
    peerDependenciesMeta: { react: { optional: true } },
  };
}

/** Gives what esbuild says is inside of all. */
async function modules(outdir) {
  const common = {
    outdir,
    bundle: true,
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    plugins: [limitValues],
    external: ['react'],
    metafile: true,
    logLevel: 'warning',
  };
  const web = await build({
    ...common,
    platform: 'browser',
    target: 'es2022',
    entryPoints: ['browser', 'react-native', 'react', 'crypto'].map(
      (name) => `${entries}/${name}.ts`,
    ),
  });
  const node = await build({
    ...common,
    entryPoints: [`${entries}/node.ts`],
    platform: 'node',
    target: 'node22',
    // undici is CommonJS, and asks for what Node.js has.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
  return { inputs: { ...web.metafile.inputs, ...node.metafile.inputs } };
}

/** Those that the entries show; what is behind them is left out. */
function declarations(outdir) {
  mkdirSync('dist', { recursive: true });
  const scratch = mkdtempSync('dist/types-');
  try {
    const options = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      stripInternal: true,
      incremental: false,
      rootDir: resolve('src'),
      outDir: resolve(scratch, 'all'),
    };
    const config = { extends: resolve('tsconfig.web.json'), compilerOptions: options };
    writeFileSync(
      join(scratch, 'tsconfig.json'),
      JSON.stringify({ ...config, include: [resolve(entries)] }),
    );
    const tsc = resolve('node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', join(scratch, 'tsconfig.json')], {
      stdio: 'inherit',
    });
    copyReachable(join(scratch, 'all'), outdir);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** From the entries on; in the package all are below types/, with the SDK's folders on top. */
function copyReachable(from, to) {
  const sdk = join(from, 'client/sdk');
  const paths = new Set(
    readdirSync(join(sdk, 'entries'))
      .filter((name) => /^(?:browser|crypto|node|react|react-native)\.d\.ts$/.test(name))
      .map((name) => join(sdk, 'entries', name)),
  );
  for (const path of paths) {
    const text = readFileSync(path, 'utf8');
    const moved = text.replace(/(from |import\()'(\.[^']*)\.ts'/g, (_, how, specifier) => {
      const target = resolve(dirname(path), specifier);
      paths.add(`${target}.d.ts`);
      return `${how}'${specifierOf(placeOf(path), placeOf(`${target}.d.ts`))}'`;
    });
    const place = join(to, placeOf(path));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, moved);
  }

  function placeOf(path) {
    const inSdk = relative(sdk, path);
    return inSdk.startsWith('..') ? relative(from, path) : inSdk;
  }
}

function specifierOf(fromPlace, toPlace) {
  const path = relative(dirname(fromPlace), toPlace).replace(/\.d\.ts$/, '.js');
  return path.startsWith('.') ? path : `./${path}`;
}
