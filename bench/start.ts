/**
 * How long `cim dev` takes from its start to its ready line, and `cim --version` from start to end;
 * medians.
 *
 *   node bench/start.ts [--runs 11]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './appends.ts';
import { executable, startDev } from './cim.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
const runs = Number(values.runs);

const ready: number[] = [];
const version: number[] = [];
for (let run = 0; run < runs; run++) {
  const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
  const { dev } = await startDev(['--data', folder]);
  ready.push(dev.readyMs);
  await dev.stop();
  rmSync(folder, { recursive: true });
  const startedAt = performance.now();
  spawnSync(executable, ['--version']);
  version.push(performance.now() - startedAt);
}
console.log(
  JSON.stringify({
    runs,
    devReadyMs: Math.round(median(ready)),
    versionMs: Math.round(median(version)),
  }),
);
