/** The program: from the command line to the exit code. */
import { CimError, type ErrorName, exitCodeOf, exitCodes } from '../base/errors.ts';
import { safeLine } from '../base/safe-text.ts';
import { version } from '../base/version.ts';
import { parseArguments } from './arguments.ts';
import type { Command, Host } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, programHelp } from './help.ts';

/**
 * Runs one command. What it throws besides CimErrors is a bug, and crashes the process with its
 * stack.
 */
export async function runProgram(argv: readonly string[], host: Host): Promise<number> {
  for (const stream of [host.stdout, host.stderr]) stream.on('error', ignoreClosedPipe);
  let command: Command | undefined;
  try {
    const given = parseArguments(commands, argv);
    command = given.command;
    if (given.version) return tell(host, `cim ${version}\n`);
    if (given.help) return tell(host, command ? commandHelp(command) : programHelp(commands));
    if (given.problem !== undefined) throw new CimError('usage', given.problem);
    if (!command) return tell(host, programHelp(commands));
    return await command.run({ flags: given.flags, positionals: given.positionals, host });
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    host.stderr.write(explain(command?.name, error));
    return exitCodeOf(error);
  }
}

function tell(host: Host, text: string): number {
  host.stdout.write(text);
  return exitCodes.ok;
}

/** `cim … | head`: whoever read has heard enough, and a role serves on without its reader. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const advice: Partial<Record<ErrorName, (command: string) => string>> = {
  usage: (command) => `see ${command} --help`,
  'bad-config': () => 'cim config shows what is set, and where',
  'port-taken': () => 'choose another; 0 takes a free one',
};

/** A line for each thing that is wrong, and what to do about it. */
function explain(name: string | undefined, { kind, message }: CimError): string {
  const command = name === undefined ? 'cim' : `cim ${name}`;
  // What others have sent may be part of it.
  const lines = message.split('\n').map(safeLine);
  const todo = advice[kind]?.(command);
  if (todo && lines.length === 1) return `${command}: ${lines[0]} (${todo})\n`;
  return [...lines, ...(todo ? [todo] : [])].map((line) => `${command}: ${line}\n`).join('');
}
