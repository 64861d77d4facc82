/** What a command is. Each has a file in commands/; commands.ts lists them. */

import type { Role } from '../config/option.ts';
import type { Environment } from '../config/sources/env.ts';
import type { FlagValues } from '../config/sources/flags.ts';

/** The part of the process that commands touch. */
export interface Host {
  readonly env: Environment;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** What `ps` shows of the process, in place of its command line. */
  title: string;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  kill(processId: number, signal: NodeJS.Signals): unknown;
}

/** One use of a command. */
export interface Call {
  readonly flags: FlagValues;
  readonly positionals: readonly string[];
  readonly host: Host;
}

export interface Command {
  readonly name: string;
  /** The heading under which help lists it. */
  readonly group: 'Run it' | 'Use it' | 'Look after it';
  readonly summary: string;
  /** In cac's notation: `<needed>`, `[may be absent]`, `[...many]`. */
  readonly positionals?: string;
  /** What the first of them may be, as it is typed, and what it does. */
  readonly actions?: readonly (readonly [typed: string, effect: string])[];
  /** Whose options it takes; none if absent. */
  readonly role?: Role;
  /** Each a line that can be typed as it is. */
  readonly examples: readonly string[];
  /** Resolves to the exit code. A CimError is printed, and its exit code taken. */
  run(call: Call): Promise<number>;
}
