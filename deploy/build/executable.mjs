// bin/cim, and the same for another machine: Node.js with the bundle inside.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { licencesOf } from './licences.mjs';

const require = createRequire(import.meta.url);

/** The machine at hand: its own Node.js, compiler and addons. */
export const here = {
  arch: process.arch,
  node: process.execPath,
  compiler: 'cc',
  zookeeper: resolve('node_modules/zookeeper/build/Release/zookeeper.node'),
};

/** Writes `output`, and to dist/ what is in it besides Node.js (`partsOf`). */
export async function buildExecutable(output, machine = here) {
  const { bundle: program } = await buildBundle(machine);
  await inject(resolve(program), resolve(output), machine);
}

/** The bundle for one machine, and what packages have of it: the native code, by its names, and the licences of what is inside. */
export async function buildBundle(machine = here) {
  const parts = partsOf(machine);
  notifyAddon(parts.addons['notify.node'], machine);
  const [zookeeper, notify] = [machine.zookeeper, parts.addons['notify.node']];
  const metafile = await bundle(parts.bundle, { zookeeper, notify });
  writeFileSync(parts.licences, licencesOf(metafile));
  return parts;
}

/** The files of the last build for that machine. */
export function partsOf({ arch, zookeeper }) {
  const name = arch === process.arch ? 'dist/cim' : `dist/cim-${arch}`;
  return {
    bundle: `${name}.cjs`,
    addons: { 'zookeeper.node': zookeeper, 'notify.node': `${name}-notify.node` },
    licences: `${name}-licences.txt`,
  };
}

/** Our own native code, against the headers that come with the Node.js at hand. */
function notifyAddon(output, { compiler }) {
  const headers = join(dirname(process.execPath), '../include/node');
  mkdirSync('dist', { recursive: true });
  const flags = ['-shared', '-fPIC', '-O2', '-s', '-Wall', '-Wextra', '-Werror', `-I${headers}`];
  execFileSync(compiler, [...flags, '-o', output, 'src/cli/service-manager/notify.c'], {
    stdio: 'inherit',
  });
}

async function inject(program, output, machine) {
  const { default: sea } = require('@yao-pkg/pkg/lib-es5/sea.js');
  const unfinished = `${output}.new`;
  const platform = process.platform === 'darwin' ? 'macos' : process.platform;
  rmSync(unfinished, { force: true });
  await sea(program, {
    targets: [{ platform, arch: machine.arch, nodeRange: 'node24', output: unfinished }],
    nodePath: machine.node,
    // The blob is made by the Node.js that runs this: another machine's may not run here.
    useLocalNode: true,
    seaConfig: {
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      // Compiled code is for the processor that compiled it.
      useCodeCache: machine.arch === process.arch,
      // Where V8 makes objects grows to 128 MB in a storm of logins, and is not given back while
      // connections are idle: 5 KB for each of 15 000. With 16 MB the storm costs the same.
      // SIGUSR1 would open a debugger on a port for all users of the machine.
      execArgv: ['--max-semi-space-size=16', '--disable-sigusr1'],
      // What NODE_OPTIONS says is meant for other programs of the machine.
      execArgvExtension: 'none',
    },
  });
  chmodSync(unfinished, 0o755);
  // Renamed into place: a half-written executable is never left behind for make to take as done.
  renameSync(unfinished, output);
}
