/** Where cim starts, and the only place where it exits. */
import { runProgram } from './cli/program.ts';

async function main(): Promise<void> {
  process.exit(await runProgram(process.argv.slice(2), process));
}

void main();
