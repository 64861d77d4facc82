/** `cim verify` as a process. */
import { startProcess, type TestProcess } from './processes.ts';
import { executable } from './roles.ts';
import { waitUntil } from './wait-until.ts';

export function startVerify(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = executable,
): Promise<TestProcess> {
  return startProcess({ name: 'cim verify', command: program, args: ['verify', ...args], env });
}

/** Until it says so on stderr. */
export function whenTold(verify: TestProcess, pattern: RegExp): Promise<unknown> {
  return waitUntil(`it says ${pattern}`, () => pattern.test(verify.output));
}
