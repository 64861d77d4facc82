/** Where cim starts, and the only place where it exits. */
import { runProgram } from './cli/program.ts';

// A worker whose supervisor has died stops as if it were told to.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

async function main(): Promise<void> {
  process.exit(await runProgram(process.argv.slice(2), process));
}

void main();
