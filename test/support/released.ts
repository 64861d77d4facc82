/**
 * Executables of versions that were released: each is built from the commit that CHANGELOG.md names
 * for it, once, and kept in dist/.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface Released {
  readonly version: string;
  /** Of this repository. */
  readonly commit: string;
}

/** The versions that CHANGELOG.md gives a commit, newest first: `## 0.2.0 (2026-11-30, commit 0123abc)`. */
export function releasedVersions(changelog = readFileSync('CHANGELOG.md', 'utf8')): Released[] {
  const headings = changelog.matchAll(/^## (\d+\.\d+\.\d+) \([^)]*\bcommit ([0-9a-f]{7,40})\)$/gm);
  return Array.from(headings, ([, version = '', commit = '']) => ({ version, commit }));
}

/** The path of its executable, built now unless it was before. Takes a minute or less. */
export function releasedExecutable({ version, commit }: Released): string {
  const kept = join(process.cwd(), 'dist', 'released', `cim-${version}-${commit}`);
  if (existsSync(kept)) return kept;
  const folder = `${kept}.source`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const lockOf = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  const build = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  if (versionless(lockOf(folder)) === versionless(lockOf('.'))) {
    // The same dependencies: they need not be installed again.
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    for (const step of ['generate', 'executable']) build(process.execPath, 'build.mjs', step);
  } else {
    build('make', 'build');
  }
  renameSync(join(folder, 'bin', 'cim'), kept);
  rmSync(folder, { recursive: true, force: true });
  return kept;
}

/** Of a lock file: cim's own version is no dependency. */
function versionless(lock: string): string {
  const { packages } = JSON.parse(lock);
  return JSON.stringify({ ...packages, '': { ...packages[''], version: undefined } });
}
