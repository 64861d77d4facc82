/**
 * Secrets that are given as a file: `--cluster-secret-file` for `--cluster-secret`. Every option
 * that holds one has such a twin, so that none has to be on a command line.
 */
import { CimError } from '../base/errors.ts';
import { readSecretText } from '../base/secrets/private-file.ts';
import { type Option, sources } from './option.ts';
import type { OptionName } from './options.ts';
import type { Given, Problem } from './sources/reading.ts';

type Entry = readonly [OptionName, Option];

/** Puts what the files hold in the place of the options, where they are the stronger source. */
export async function readSecretFiles(
  given: Map<OptionName, Given>,
  entries: readonly Entry[],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [name, { fileOf }] of entries) {
    const file = given.get(name);
    if (!file || fileOf === undefined) continue;
    const problem = await readSecretFile(given, file, fileOf as OptionName);
    if (problem !== undefined) problems.push({ ...file, message: problem });
  }
  return problems;
}

/** What is wrong, if anything. */
async function readSecretFile(
  given: Map<OptionName, Given>,
  file: Given,
  name: OptionName,
): Promise<string | undefined> {
  const direct = given.get(name);
  const strength = direct ? sources.indexOf(direct.source) - sources.indexOf(file.source) : 1;
  if (direct && strength === 0) return `cannot be used together with ${direct.where}`;
  if (strength < 0) {
    given.delete(file.name);
    return undefined;
  }
  try {
    given.set(name, { ...file, name, text: await readSecretText(file.text) });
    return undefined;
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return error.message;
  }
}
