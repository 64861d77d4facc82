/** The Debian package: as Debian's own tools judge it, and what is in it at work. It is unpacked, not installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { chatOn } from '../support/installs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const units = readdirSync('deploy/systemd');
let deb: string;
let root: string;

beforeAll(() => {
  const made = execFileSync(process.execPath, ['build.mjs', 'package', 'deb'], {
    encoding: 'utf8',
  });
  const [path = ''] = /^dist\/packages\/cim_\S*\.deb$/m.exec(made) ?? [];
  deb = resolve(path);
  root = temporaryFolder('deb');
  execFileSync('dpkg-deb', ['-x', deb, root]);
});

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

describe('the Debian package', () => {
  test('is as lintian wants it', () => {
    expect(run('lintian', ['--allow-root', '--fail-on', 'warning,error', deb])).toEqual({
      status: 0,
      said: expect.not.stringMatching(/^[EW]: /m),
    });
  });

  test('leads to a chat', () => chatOn(join(root, 'usr/bin/cim')));

  test('brings the native code of a role of a cluster, which then needs no place to write it to', () => {
    // No folder can be written that programs may be run in.
    const closed = `
      mount --bind "$1" /srv && mount -o remount,bind,ro /srv
      for each in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o noexec none $each; done
      exec env -i HOME=/nonexistent "$2" admin servers --zk 127.0.0.1:1`;
    const admin = (program: string) =>
      run('unshare', ['--mount', '--map-root-user', 'bash', '-ec', closed, 'bash', root, program]);
    expect(admin('/srv/usr/bin/cim')).toEqual({
      status: 69,
      said: expect.stringContaining('ZooKeeper does not answer'),
    });
  });

  test.each(units)('%s: systemd understands it, and finds it hardened', (unit) => {
    const installed = join('usr/lib/systemd/system', unit);
    expect(lstatSync(join(root, installed)).mode & 0o777).toBe(0o644);
    // It looks for the program, too.
    const here = join(temporaryFolder('unit'), unit);
    const text = readFileSync(join(root, installed), 'utf8');
    writeFileSync(here, text.replaceAll('=/usr/bin/cim', `=${root}/usr/bin/cim`));
    const { said } = run('systemd-analyze', ['verify', '--man=no', here]);
    expect(said.split('\n').filter((line) => line.includes('cim'))).toEqual([]);
    const path = join(root, installed);
    // In tenths: below 2.0.
    const judged = run('systemd-analyze', [
      ...['security', '--offline=true', '--threshold=19'],
      path,
    ]);
    expect(judged).toEqual({
      status: 0,
      said: expect.stringMatching(/exposure level.*: [01]\.\d/),
    });
  });

  test('has settings that its services take', () => {
    const config = join(root, 'etc/cim/cim.yaml');
    for (const role of ['dev', 'route', 'server'])
      expect(
        run(join(root, 'usr/bin/cim'), ['config', role, '--config', config, '--check']),
      ).toEqual({ status: 0, said: '' });
    // Those that are commented out as well.
    const text = readFileSync(config, 'utf8');
    const names = [...text.matchAll(/^# ([a-z-]+): /gm)].map(([, name]) => name);
    const help = run(join(root, 'usr/bin/cim'), ['route', '--help']).said;
    for (const name of names) expect(help).toContain(`--${name} `);
    expect(names.length).toBeGreaterThan(2);
  });
});
