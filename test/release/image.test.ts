/**
 * The container image as a runtime runs it: its layers one over the other as a root that cannot be
 * written, folders beside it from which nothing can be run, no capabilities, and cim as the first
 * process.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readyAddresses } from '../../src/processes/local-process.ts';
import { startProcess } from '../support/processes.ts';
import { Client } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

const layout = 'dist/image';
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const blobPath = ({ digest }: Descriptor) => join(layout, 'blobs', digest.replace(':', '/'));
const json = (descriptor: Descriptor) => JSON.parse(readFileSync(blobPath(descriptor), 'utf8'));

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

let digest: string;
let manifest: Manifest;
let root: string;

const makeImage = () =>
  execFileSync(process.execPath, ['build.mjs', 'image', 'here'], { encoding: 'utf8' }).trim();

beforeAll(() => {
  digest = makeImage();
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const [{ digest: both }] = index.manifests;
  expect(both).toBe(digest);
  const [one] = json(index.manifests[0]).manifests;
  manifest = json(one);
  root = join(temporaryFolder('image'), 'root');
  mkdirSync(root);
  for (const layer of manifest.layers)
    execFileSync('tar', ['-xzpf', blobPath(layer), '--no-same-owner', '-C', root]);
});

/**
 * Starts what the image starts. The user is the image's own, who is nobody here; the folder for data
 * is in memory.
 */
function startContainer(name: string, args: readonly string[]) {
  const { User, Env, Entrypoint } = json(manifest.config).config;
  const [uid, gid] = User.split(':');
  const mounts = `
    mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"
    for each in tmp var/lib/cim; do mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 none "$0/$each"; done
    mount --rbind /dev "$0/dev"
    exec unshare --user --map-user=${uid} --map-group=${gid} --mount --pid --fork --kill-child \\
      --mount-proc --root="$0" "$@"`;
  return startProcess({
    name,
    command: 'unshare',
    args: [
      ...['--map-root-user', '--mount', 'env', '-i', ...Env, '/bin/bash', '-ec', mounts, root],
      ...[...Entrypoint, ...args],
    ],
    ready: (process) => readyAddresses(process) !== undefined,
  });
}

describe('the container image', () => {
  test('is what its digests say, small, and the same when it is made again', () => {
    const { rootfs } = json(manifest.config);
    const tars = manifest.layers.map((layer) => gunzipSync(readFileSync(blobPath(layer))));
    expect(rootfs.diff_ids).toEqual(tars.map(sha256));
    for (const name of readdirSync(join(layout, 'blobs/sha256')))
      expect(sha256(readFileSync(join(layout, 'blobs/sha256', name)))).toBe(`sha256:${name}`);
    const bytes = manifest.layers.reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeLessThan(60e6);
    expect(makeImage()).toBe(digest);
  });

  test('runs as nobody who owns a file of it, and has certificates and licences', () => {
    expect(json(manifest.config).config.User).toBe('65532:65532');
    const listed = manifest.layers.flatMap((layer) =>
      execFileSync('tar', ['-tvzf', blobPath(layer), '--numeric-owner'], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    );
    const others = listed.filter((line) => !/^\S+ 0\/0 /.test(line));
    expect(others).toEqual([
      expect.stringMatching(/^drwxr-xr-x 65532\/65532 .* \.\/var\/lib\/cim\/$/),
    ]);
    expect(
      listed.filter((line) => /^.....w|^........w/.test(line) && !line.endsWith('./tmp/')),
    ).toEqual([]);
    for (const file of ['etc/ssl/certs/ca-certificates.crt', 'usr/share/doc/cim/LICENCES'])
      expect(statSync(join(root, file)).size).toBeGreaterThan(10_000);
  });

  test('leads to a chat, as the first process, and ends in good order', async () => {
    const ports = ['--port', '0', '--http-port', '0', '--route-port', '0'];
    const container = await startContainer('cim dev', ['dev', ...ports]);
    const routes = [`http://${readyAddresses(container)?.['route']}`];
    const amy = await Client.ready({ userId: 1, name: 'amy', routes });
    const bob = await Client.ready({ userId: 2, name: 'bob', routes });
    amy.say('2;;hi');
    await bob.whenText('hi');
    const cim = childOf(container.pid);
    const status = readFileSync(`/proc/${cim}/status`, 'utf8');
    expect(status).toMatch(/^NSpid:.*\t1$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    process.kill(cim, 'SIGTERM');
    expect(await container.exited).toBe(0);
  });

  test('has a role of a cluster: nothing need be written for its native code', async () => {
    const zookeeper = await startZooKeeper();
    const ports = ['--port', '0', '--http-port', '0', '--host', '127.0.0.1'];
    const container = await startContainer('cim server', [
      'server',
      ...ports,
      '--zk',
      zookeeper.address,
    ]);
    expect(container.stdout).toContain('cim server ready');
    process.kill(childOf(container.pid), 'SIGTERM');
    expect(await container.exited).toBe(0);
  });
});

/** The process that `unshare --fork` has started. */
function childOf(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}
