/** Where cim starts, and the only place where it exits. */
import { isatty } from 'node:tty';
import { lookForChannel } from './base/process/worker-channel.ts';
import { runProgram } from './cli/program.ts';

// A worker whose supervisor has died stops as if it were told to.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

lookForChannel();

// Of no terminal: what is under `nohup` ends with none. Node.js takes back that SIGHUP is ignored.
if (![0, 1, 2].some(isatty)) process.on('SIGHUP', () => {});

// A switch that has Node.js believe every certificate, of which no setting of cim would say so.
delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];

async function main(): Promise<void> {
  process.exit(await runProgram(process.argv.slice(2), process));
}

void main();
