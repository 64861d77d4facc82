/** How this very cim is started once more, as another process. */
import { resolve } from 'node:path';
import { isSea } from 'node:sea';

export interface Program {
  readonly program: string;
  /** What comes before its own arguments. */
  readonly args: readonly string[];
}

/** The standalone executable, or Node.js with the script that it runs. */
export function ownProgram(): Program {
  const [, script = ''] = process.argv;
  const args = isSea() ? [] : [...process.execArgv, resolve(script)];
  return { program: process.execPath, args };
}
