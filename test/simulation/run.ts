/**
 * `make simulate`: seed after seed, people talking and people flooding each other, until one breaks
 * a promise. CIM_SEED is the first of them, SEEDS how many. Of a single seed the whole course of
 * events is printed, of both.
 */
import { reportOf } from './report.ts';
import { flooding, talk } from './scenarios.ts';
import { simulate } from './simulate.ts';

const first = Number(process.env['CIM_SEED'] ?? 1);
const count = Number(process.env['SEEDS'] ?? 10_000);
const startedAt = performance.now();

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

let messages = 0;
let broken = 0;
for (let seed = first; seed < first + count && broken === 0; seed++) {
  for (const scenario of [talk, flooding]) {
    const verdict = await simulate(seed, undefined, scenario);
    messages += verdict.messages;
    if (count === 1) print(verdict.trace.join('\n'));
    if (verdict.violations.length > 0) print(reportOf(verdict));
    broken += verdict.violations.length;
  }
}
const seconds = Math.round((performance.now() - startedAt) / 1_000);
print(`seeds from ${first}: ${messages} messages in ${seconds} s, ${broken} promises broken`);
process.exitCode = broken > 0 ? 1 : 0;
