// All that is installed: which packages there are, and of which executables they are made.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arm64 } from './arm64.mjs';
import { debianPackage } from './deb.mjs';
import { buildExecutable, here, partsOf } from './executable.mjs';
import { image } from './image.mjs';

export const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** bin/cim, as it was built last. */
export const ours = { arch: here.arch, executable: 'bin/cim', parts: partsOf(here) };

/** The same for Linux on arm64, built now. */
export async function builtForArm64() {
  const machine = arm64();
  const executable = `bin/cim-${machine.arch}`;
  await buildExecutable(executable, machine);
  return { arch: machine.arch, executable, parts: partsOf(machine) };
}

/** In dist/packages/, as the npm package: gives its path. */
export function debOf(program) {
  const completion = execFileSync(ours.executable, ['completion', 'bash']);
  return debianPackage({ ...program, version, completion, date: dateOfSources() });
}

/** When the sources were changed last: the same sources make the same packages. */
function dateOfSources() {
  const seconds = execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' });
  return new Date(Number(seconds) * 1000);
}

/** dist/image/, or another folder. Gives its digest. */
export function makeImage(programs = [ours], output = 'dist/image') {
  return image(
    output,
    version,
    programs.map(({ arch, executable, parts }) => ({
      arch,
      executable,
      addons: parts.addons,
      licences: readFileSync(parts.licences),
    })),
  );
}
