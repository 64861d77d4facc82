// Everything that is made from the sources: the protobuf code, the bundle, the standalone executable, the reference docs.
//
//   node build.mjs generate | bundle | executable | boundaries | docs
//
// Inputs are this repository and node_modules only; nothing is downloaded.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** proto/cim.proto → src/codec/generated/cim.{js,d.ts}. int64 become JavaScript numbers: ids stay below 2^53. */
function generate() {
  mkdirSync('src/codec/generated', { recursive: true });
  const js = 'src/codec/generated/cim.js';
  const bin = 'node_modules/protobufjs-cli/bin';
  const flags = [
    '-t',
    'static-module',
    '-w',
    'es6',
    '--force-number',
    '--no-service',
    '--no-verify',
    '--no-delimited',
  ];
  execFileSync(
    process.execPath,
    [`${bin}/pbjs`, ...flags, '--no-convert', '-o', js, 'proto/cim.proto', 'proto/link.proto'],
    { stdio: 'inherit' },
  );
  execFileSync(process.execPath, [`${bin}/pbts`, '-o', 'src/codec/generated/cim.d.ts', js], {
    stdio: 'inherit',
  });
}

/**
 * Replaces node-gyp-build, which looks for its binary in node_modules, by the binary's bytes in the bundle. A native library can
 * only be loaded from a file: it is written to a private folder, opened, and deleted at once.
 */
const embeddedAddon = {
  name: 'embedded-zookeeper-addon',
  setup(builder) {
    const addon = join(process.cwd(), 'node_modules/zookeeper/build/Release/zookeeper.node');
    builder.onResolve({ filter: /^node-gyp-build$/ }, () => ({
      path: 'addon',
      namespace: 'embedded',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'embedded' }, () => ({
      resolveDir: process.cwd(),
      contents: `
        const { mkdtempSync, writeFileSync, rmSync } = require('node:fs');
        const { constants, tmpdir } = require('node:os');
        const { join } = require('node:path');
        const bytes = require(${JSON.stringify(addon)});
        function load(folder) {
          const path = join(folder, 'zookeeper.node');
          const target = { exports: {} };
          try {
            writeFileSync(path, bytes, { mode: 0o700 });
            process.dlopen(target, path, constants.dlopen.RTLD_NOW);
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
          return target.exports;
        }
        module.exports = () => {
          // A temporary folder may be mounted noexec; shared memory is the usual way out.
          let problem;
          for (const parent of [tmpdir(), '/dev/shm']) {
            try { return load(mkdtempSync(join(parent, 'cim-'))); } catch (error) { problem ??= error; }
          }
          throw problem;
        };`,
    }));
  },
};

async function bundle() {
  await build({
    entryPoints: ['src/main.ts'],
    outfile: 'dist/cim.cjs',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    loader: { '.node': 'binary', '.lua': 'text' },
    define: { 'process.env.CIM_VERSION': JSON.stringify(version) },
    plugins: [embeddedAddon],
    logLevel: 'warning',
  });
}

async function executable() {
  await bundle();
  const nodePath = process.execPath;
  const { default: sea } = require('@yao-pkg/pkg/lib-es5/sea.js');
  const output = join(process.cwd(), 'bin/cim.new');
  const platform = process.platform === 'darwin' ? 'macos' : process.platform;
  const target = { platform, arch: process.arch, nodeRange: 'node24', output };
  rmSync(output, { force: true });
  await sea(join(process.cwd(), 'dist/cim.cjs'), {
    targets: [target],
    nodePath,
    seaConfig: {
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: true,
      // Where V8 makes objects grows to 128 MB in a storm of logins, and is not given back while
      // connections are idle: 5 KB for each of 15 000. With 16 MB the storm costs the same.
      execArgv: ['--max-semi-space-size=16'],
    },
  });
  chmodSync(output, 0o755);
  // Renamed into place: a half-written executable is never left behind for make to take as done.
  renameSync(output, 'bin/cim');
}

/** dependency-cruiser has been seen to pass silently on 0 modules: the count is checked. */
function boundaries() {
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
}

/** The tables that the program runs on, as pages. Node.js reads their TypeScript as it is. */
async function docs() {
  const { referencePages } = await import('./src/config/reference.ts');
  mkdirSync('docs/reference', { recursive: true });
  for (const [name, content] of Object.entries(referencePages()))
    writeFileSync(join('docs/reference', name), content);
}

const tasks = { generate, bundle, executable, boundaries, docs };
const task = tasks[process.argv[2] ?? ''];
if (!task) {
  console.error(`usage: node build.mjs ${Object.keys(tasks).join(' | ')}`);
  process.exit(64);
}
if (!existsSync('node_modules')) throw new Error('run make setup first');
await task();
