/** What `make release` hands out: whole, the same that was tested, and for arm64 as far as an emulated processor tells. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { chatOn } from '../support/installs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = resolve('dist/release');

beforeAll(() => {
  execFileSync(process.execPath, ['build.mjs', 'release'], { stdio: 'pipe' });
}, 600_000);

describe('a release', () => {
  test('has all that docs/install.md names, with checksums', () => {
    expect(readdirSync(folder).toSorted()).toEqual([
      'CHANGES.md',
      'SHA256SUMS',
      `cim-${version}-image.tar`,
      `cim-${version}-linux-arm64`,
      `cim-${version}-linux-x64`,
      `cim-${version}.cdx.json`,
      `cim-${version}.tgz`,
      `cim_${version}_amd64.deb`,
      `cim_${version}_arm64.deb`,
    ]);
    const check = ['--check', '--strict', 'SHA256SUMS'];
    const said = execFileSync('sha256sum', check, { cwd: folder, encoding: 'utf8' });
    expect(said.match(/: OK$/gm)).toHaveLength(8);
    expect(readFileSync(join(folder, 'CHANGES.md'), 'utf8')).toMatch(/^## \S/);
  });

  test('says what is inside: all packages of the bundle, and Node.js', () => {
    const bill = JSON.parse(readFileSync(join(folder, `cim-${version}.cdx.json`), 'utf8'));
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'cim', version } },
    });
    const listed = new Set<string>(
      bill.components.map(
        (each: { name: string; version: string }) => `${each.name} ${each.version}`,
      ),
    );
    const inside = readFileSync('dist/cim-licences.txt', 'utf8').matchAll(
      /^(\S+ \d+\.\d+\.\d\S*): /gm,
    );
    const names = Array.from(inside, ([, name = '']) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !listed.has(name))).toEqual([]);
    expect([...listed].filter((name) => name.startsWith('node-linux-'))).toHaveLength(2);
  });

  test('has an executable for arm64 that says its version, and leads to a chat', async () => {
    const program = join(temporaryFolder('arm64'), 'cim');
    const executable = join(folder, `cim-${version}-linux-arm64`);
    const emulator = 'exec qemu-aarch64 -L /usr/aarch64-linux-gnu';
    writeFileSync(program, `#!/bin/sh\n${emulator} '${executable}' "$@"\n`);
    chmodSync(program, 0o755);
    expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toBe(`cim ${version}\n`);
    await chatOn(program);
    // An emulated processor has its own idea of time.
  }, 600_000);
});
