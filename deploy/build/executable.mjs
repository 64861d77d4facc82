// bin/cim, and the same for another machine: Node.js with the bundle inside.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.mjs';

const require = createRequire(import.meta.url);

/** The machine at hand: its own Node.js, compiler and addons. */
export const here = {
  arch: process.arch,
  node: process.execPath,
  compiler: 'cc',
  zookeeper: join(process.cwd(), 'node_modules/zookeeper/build/Release/zookeeper.node'),
};

/** Writes `output`, and the bundle in it to dist/. Gives esbuild's metafile. */
export async function buildExecutable(output, machine = here) {
  const name = machine === here ? 'dist/cim' : `dist/cim-${machine.arch}`;
  const metafile = await bundleFor(machine, `${name}.cjs`, `${name}-notify.node`);
  await inject(join(process.cwd(), `${name}.cjs`), join(process.cwd(), output), machine);
  return metafile;
}

/** The bundle for one machine. */
export function bundleFor(machine, outfile, notify) {
  notifyAddon(notify, machine);
  return bundle(outfile, { zookeeper: machine.zookeeper, notify });
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
