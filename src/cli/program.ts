/** The program: from the command line to the exit code. */
import { CimError, describeError, type ErrorName } from '../base/errors.ts';
import { exitCodeOf, exitCodes } from '../base/exit-codes.ts';
import { ignore } from '../base/ignore.ts';
import { version } from '../base/process/version.ts';
import { formatRemark } from '../client/terminal/view/layout.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import type { Command, Host } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, programHelp } from './help.ts';

/**
 * Runs one command. What it throws besides CimErrors is a bug, and crashes the process with its
 * stack.
 */
export async function runProgram(argv: readonly string[], host: Host): Promise<number> {
  const output = watchOutput(host);
  let command: Command | undefined;
  try {
    const given = parseArguments(commands, argv);
    command = given.command;
    const code = await run(given, host);
    // A role, and a conversation, does not wait for somebody to read.
    const isAnswer = given.version || given.help || command?.group === 'Look after it';
    if (isAnswer || !command) await output.written();
    return code;
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    host.stderr.write(explain(command?.name, error, host.stderr.columns));
    return exitCodeOf(error);
  }
}

function run({ command, ...given }: Arguments, host: Host): Promise<number> {
  if (given.version) return tell(host, `cim ${version}\n`);
  if (given.help) return tell(host, command ? commandHelp(command) : programHelp(commands));
  if (given.problem !== undefined) throw new CimError('usage', given.problem);
  if (!command) return tell(host, programHelp(commands));
  return command.run({ flags: given.flags, positionals: given.positionals, host });
}

async function tell(host: Host, text: string): Promise<number> {
  host.stdout.write(text);
  return exitCodes.ok;
}

/** A role serves on without its readers, and what else cannot be written ends nothing by itself. */
function watchOutput({ stdout, stderr }: Host): { written(): Promise<void> } {
  let failure: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error) => {
    failure ??= error;
  });
  stderr.on('error', ignore('there is nobody else to tell'));
  return {
    async written() {
      await new Promise<void>((resolve) => stdout.write('', () => resolve()));
      // `cim … | head`: whoever read has heard enough.
      if (failure && failure.code !== 'EPIPE')
        throw new CimError('unavailable', `stdout cannot be written: ${describeError(failure)}`);
    },
  };
}

const advice: Partial<Record<ErrorName, (command: string) => string>> = {
  usage: (command) => `see ${command} --help`,
  'bad-config': () => 'cim config shows what is set, and where',
};

/** More than settings that could be wrong at a time; of what a route says there may be any number. */
const linesMax = 200;

/** A line for each thing that is wrong, and what to do about it. */
function explain(
  name: string | undefined,
  { kind, message }: CimError,
  columns: number | undefined,
): string {
  const command = name === undefined ? 'cim' : `cim ${name}`;
  // What others have sent may be part of it.
  const lines = message.split('\n', linesMax);
  const todo = advice[kind]?.(command);
  const say = (line: string) => formatRemark(command, line, columns);
  if (todo && lines.length === 1) return say(`${lines[0]} (${todo})`);
  return [...lines, ...(todo ? [todo] : [])].map(say).join('');
}
