/**
 * cim beside the systems that people reach for, on this machine: each is started alone, on one core,
 * and given the same work by the same load generator on the other.
 *
 *   node bench/compare.ts [--only ROW[,ROW]] [--systems NAME[,NAME]] [--seconds N] [--json FILE]
 *     [--system-core 0] [--load-core 1]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Failure, type Figures, measure } from './compare/measure.ts';
import { rows } from './compare/rows.ts';
import { type System, systems } from './compare/systems.ts';
import { formatLine, formatRatios, formatVerdicts, heading } from './compare/table.ts';
import { judge } from './compare/targets.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    systems: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    'system-core': { type: 'string', default: '0' },
    'load-core': { type: 'string', default: '1' },
  },
});
const only = values.only?.split(',');
const wanted = values.systems?.split(',');
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
const cores = { system: Number(values['system-core']), load: Number(values['load-core']) };

const results: (Figures | Failure)[] = [];
for (const row of rows) {
  if (only && !only.includes(row.name)) continue;
  const work = seconds === undefined ? row : { ...row, warmUpMs: 300, measureMs: 1_000 * seconds };
  console.log(heading(row));
  const ofRow: (Figures | Failure)[] = [];
  for (const name of row.systems) {
    if (wanted && !wanted.includes(name)) continue;
    const result = await measure(work, name, cores);
    ofRow.push(result);
    console.log(formatLine(result));
  }
  console.log(formatRatios(ofRow));
  results.push(...ofRow);
}
for (const [name, { durability }] of Object.entries<System>(systems))
  if (durability !== undefined) console.log(`${name}, stored: ${durability}`);
const verdicts = judge(results.filter((result): result is Figures => !('failure' in result)));
console.log(formatVerdicts(verdicts));
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ results, verdicts }, null, 1));
