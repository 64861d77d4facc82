/**
 * Native code that the executable has inside. It can only be loaded from a file. Packages and images
 * of cim bring that file; elsewhere it is written to a private folder, opened, and deleted at once.
 * Where a container lets nothing be written in most folders, or nothing in them be run, another one
 * is taken.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { CimError, describeError } from '../errors.ts';

/**
 * What `name` exports. Throws `bad-config`, naming TMPDIR and what is wrong with each folder.
 */
export function loadAddon(
  name: string,
  bytes: Uint8Array,
  folders: readonly string[] = foldersToTry(),
  installed = join(dirname(process.execPath), '../lib/cim', name),
): unknown {
  if (holds(installed, bytes)) return open(installed);
  const problems: string[] = [];
  for (const parent of new Set(folders)) {
    try {
      return load(mkdtempSync(join(parent, 'cim-')), name, bytes);
    } catch (error) {
      problems.push(`${parent}: ${describeError(error)}`);
    }
  }
  throw new CimError(
    'bad-config',
    `TMPDIR: set it to a folder that can be written and is not mounted noexec, for native code (${name}) to be loaded from; none of these is one: ${problems.join('; ')}`,
  );
}

/** The usual one first, then those that are often left to a process that may write little. */
export function foldersToTry(env: NodeJS.ProcessEnv = process.env): string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    tmpdir(),
    env['CIM_DATA'] ?? envPaths('cim', { suffix: '' }).data,
    ...(runtime ? [runtime] : []),
    '/var/tmp',
    '/dev/shm',
    dirname(process.execPath),
  ];
}

/** Not a file of another version. */
function holds(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
}

function load(folder: string, name: string, bytes: Uint8Array): unknown {
  const path = join(folder, name);
  try {
    writeFileSync(path, bytes, { mode: 0o700 });
    return open(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function open(path: string): unknown {
  const loaded = { exports: {} as unknown };
  process.dlopen(loaded, path, constants.dlopen.RTLD_NOW);
  return loaded.exports;
}
